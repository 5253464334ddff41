// The line that shows that a silent guest runs.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from '../../../../src/cli/boot/progress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('is drawn twice a second over itself, and gone after stop()', () => {
  let text = '';
  let retired = 0;
  const progress = new Progress(() => retired, {
    write: (more) => {
      text += more;
    },
  });
  progress.start();
  retired = 123_400_000;
  vi.advanceTimersByTime(1000);
  expect(text.split('\r\x1b[K').slice(1)).toEqual([
    'xlat86: 1 s, 123 million instructions',
    'xlat86: 1 s, 123 million instructions',
  ]);
  text = '';
  progress.clear();
  expect(text).toBe('\r\x1b[K');
  vi.advanceTimersByTime(10_000);
  expect(text.split('\r\x1b[K').at(-1)).toBe('xlat86: 11 s, 123 million instructions; --display text shows the screen');
  text = '';
  progress.stop();
  progress.stop();
  progress.clear();
  vi.advanceTimersByTime(5000);
  expect(text).toBe('\r\x1b[K');
});
