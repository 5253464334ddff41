/**
 * The terminal that a guest sees behind its standard streams: settings (termios), window size, foreground group.
 *
 * The host's terminal does the line editing and echo as long as the guest leaves ICANON set; when the guest clears it
 * the host's is put into raw mode. Layout and bits are those of include/uapi/asm-generic/termbits.h.
 */

/** What the host offers of a terminal. */
export interface HostTerminal {
  readonly columns: number;
  readonly rows: number;
  /** Raw: bytes as typed, no echo, no signals from keys. */
  setRaw(raw: boolean): void;
}

/** sizeof(struct __kernel_termios): four flag words, line discipline, 19 control characters. */
export const TERMIOS_SIZE = 36;

const LOCAL_FLAGS = 12;
const CONTROL_CHARACTERS = 17;
const ISIG = 1;
const ICANON = 2;
const VINTR = 0;

export class Terminal {
  /** struct termios as the guest last set it. */
  readonly settings: Uint8Array = initialSettings();
  /** Process group that the terminal's signals go to. */
  foreground = 0;
  readonly #host: HostTerminal;

  constructor(host: HostTerminal) {
    this.#host = host;
  }

  get columns(): number {
    return this.#host.columns;
  }

  get rows(): number {
    return this.#host.rows;
  }

  /** Takes new settings, TERMIOS_SIZE bytes. */
  configure(settings: Uint8Array): void {
    const wasRaw = this.#isRaw();
    this.settings.set(settings);
    if (this.#isRaw() !== wasRaw) this.#host.setRaw(this.#isRaw());
  }

  /** The byte that means an interrupt although the host's terminal is raw, or -1. */
  get interruptByte(): number {
    return this.#isRaw() && (this.settings[LOCAL_FLAGS]! & ISIG) !== 0
      ? this.settings[CONTROL_CHARACTERS + VINTR]!
      : -1;
  }

  #isRaw(): boolean {
    return (this.settings[LOCAL_FLAGS]! & ICANON) === 0;
  }
}

/** What Linux gives a fresh terminal (tty_std_termios and INIT_C_CC), at 38400 baud. */
function initialSettings(): Uint8Array {
  const settings = new Uint8Array(TERMIOS_SIZE);
  const view = new DataView(settings.buffer);
  view.setUint32(0, 0o000400 | 0o002000, true); // ICRNL IXON
  view.setUint32(4, 0o000001 | 0o000004, true); // OPOST ONLCR
  view.setUint32(8, 0o000017 | 0o000060 | 0o000200, true); // B38400 CS8 CREAD
  view.setUint32(12, 0o000001 | 0o000002 | 0o000010 | 0o000020 | 0o000040 | 0o001000 | 0o004000 | 0o100000, true);
  settings.set([3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22], CONTROL_CHARACTERS);
  return settings;
}
