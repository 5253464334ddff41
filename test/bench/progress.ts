// One line on a terminal's stderr that says what is being measured; nothing when stderr is a file.
import { stderr } from 'node:process';

/** Show `text` in place of what was shown before. */
export function showProgress(text: string): void {
  if (stderr.isTTY) stderr.write(`\r\x1b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
}

/** Take the line away, before anything else is printed. */
export function clearProgress(): void {
  showProgress('');
}
