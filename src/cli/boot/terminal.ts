/**
 * The host's terminal as a PC's first serial port or its keyboard: raw mode, so that every key is the guest's but one.
 * Ctrl-A is the way out: Ctrl-A X ends the machine, Ctrl-A A sends a Ctrl-A.
 */

const ESCAPE = 0x01;

export interface TerminalEvents {
  /** Bytes for the guest. */
  readonly onInput: (bytes: Uint8Array) => void;
  /** Ctrl-A X. */
  readonly onLeave: () => void;
}

/** Read standard input for a guest until the returned function is called. Input that has ended is no reason to end. */
export function attachTerminal({ onInput, onLeave }: TerminalEvents): () => void {
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
      } else if (byte === ESCAPE) escaped = true;
      else bytes.push(byte);
    }
    if (bytes.length > 0) onInput(Uint8Array.from(bytes));
  };
  if (isTerminal) stdin.setRawMode(true);
  stdin.on('data', read);
  stdin.on('error', () => {});
  return () => {
    stdin.off('data', read);
    if (isTerminal) stdin.setRawMode(false);
    stdin.pause();
  };
}
