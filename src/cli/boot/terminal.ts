/**
 * The host's terminal as a PC's first serial port or its keyboard: raw mode, so that every key is the guest's but one.
 * Ctrl-A is the way out, and what it begins is our own.
 */

const ESCAPE = 0x01;

/** What Ctrl-A begins. */
export const KEYS_HELP = 'Ctrl-A then X ends the machine, A sends Ctrl-A, S saves the screen, H shows this';

export interface TerminalEvents {
  /** Bytes for the guest. */
  readonly onInput: (bytes: Uint8Array) => void;
  /** Ctrl-A X. */
  readonly onLeave: () => void;
  /** Ctrl-A S. */
  readonly onSave: () => void;
  /** Ctrl-A H or ?, or another letter that Ctrl-A has no meaning with. */
  readonly onHelp: () => void;
  /** The terminal has another size, or is ours again after the process was stopped. */
  readonly onRedraw: () => void;
}

/** Read standard input for a guest until the returned function is called. Input that has ended is no reason to end. */
export function attachTerminal({ onInput, onLeave, onSave, onHelp, onRedraw }: TerminalEvents): () => void {
  const { stdin } = process;
  const isTerminal = stdin.isTTY === true;
  let escaped = false;
  const read = (chunk: Buffer): void => {
    if (!isTerminal) {
      onInput(chunk);
      return;
    }
    const bytes: number[] = [];
    for (const byte of chunk) {
      if (escaped) {
        escaped = false;
        const letter = String.fromCharCode(byte).toLowerCase();
        if (letter === 'x') onLeave();
        else if (letter === 'a' || byte === ESCAPE) bytes.push(ESCAPE);
        else if (letter === 's') onSave();
        else onHelp();
      } else if (byte === ESCAPE) escaped = true;
      else bytes.push(byte);
    }
    if (bytes.length > 0) onInput(Uint8Array.from(bytes));
  };
  // A shell that stopped this process has taken the terminal's mode back.
  const resume = (): void => {
    if (isTerminal) stdin.setRawMode(false).setRawMode(true);
    onRedraw();
  };
  if (isTerminal) stdin.setRawMode(true);
  stdin.on('data', read);
  stdin.on('error', () => {});
  process.on('SIGCONT', resume);
  process.stdout.on('resize', onRedraw);
  return () => {
    stdin.off('data', read);
    process.off('SIGCONT', resume);
    process.stdout.off('resize', onRedraw);
    if (isTerminal) stdin.setRawMode(false);
    stdin.pause();
  };
}
