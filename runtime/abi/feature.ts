/**
 * Groups of instructions that a processor may lack. The translator's rows name the group that they belong to, the
 * models of cpu/model.ts list the groups that they have; an instruction of any other group raises #UD.
 */

/** In the order in which processors got them. What a 486 has is no feature. */
// biome-ignore format: grouped by processor
export const featureNames = [
  'tsc', 'cx8', 'msr',
  'cmov', 'pmc', 'sep', 'hints', 'mmx', 'fxsr',
  'sse', 'sse2', 'clfsh',
  'sse3', 'ssse3', 'sse41', 'sse42', 'popcnt', 'movbe', 'lzcnt', 'prefetchw', 'bmi1', 'bmi2', 'adx', 'clflushopt', 'clwb',
] as const;

export type Feature = (typeof featureNames)[number];
