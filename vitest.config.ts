// How the tests run. Two workers, because that is what CI has; a JSON copy of the result for CI's totals line.
// Coverage must be v8: istanbul instruments the bodies that translator/emit reflects upon.
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const inCi = process.env['CI'] !== undefined;

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'threads',
    maxWorkers: 2,
    // Only against hanging: no sound test comes near on a machine many times slower.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: inCi ? ['default', ['json', { outputFile: '.cache/test-results.json' }]] : ['default'],
    coverage: {
      provider: 'v8',
      include: ['translator/**/*.ts', 'runtime/**/*.ts', 'src/**/*.ts'],
      reporter: ['text-summary', 'json', 'json-summary'],
      reportsDirectory: 'coverage',
      thresholds: { 'translator/**/*.ts': { lines: 90 } },
    },
  },
});

export default config;
