/**
 * Standard streams: the bridge between a guest's descriptors 0, 1 and 2 and whatever the embedder hands in.
 * Bytes pass unmodified; nothing here buffers.
 */
import { Errno, fail } from '../errno.ts';
import type { Stat } from '../tree/file-system.ts';
import { OpenFile, OpenFlag, Poll, WOULD_BLOCK } from './open-file.ts';
import type { HostTerminal, Terminal } from './terminal.ts';

/** Where a guest's input comes from. */
export interface InputStream {
  /**
   * Up to `max` bytes (at least one), null at the end, or 'wait' when there are none yet; the stream then calls the
   * function given to `onReady` when that changes. A SystemError that it throws is the guest's.
   */
  read(max: number): Uint8Array | null | 'wait';
  /** Would `read` have something to say other than 'wait'? Always, when absent. */
  ready?(): boolean;
  onReady?(wake: () => void): void;
  /** Present when it is a terminal. */
  readonly terminal?: HostTerminal;
}

/** Where a guest's output goes. */
export interface OutputStream {
  /**
   * Takes some of `bytes` (which are only valid during the call) and returns how many, 'wait' when none can be taken
   * now, or 'closed' when nobody reads any more. A SystemError that it throws is the guest's.
   */
  write(bytes: Uint8Array): number | 'wait' | 'closed';
  ready?(): boolean;
  onReady?(wake: () => void): void;
  readonly terminal?: HostTerminal;
}

/** What the terminal's interrupt key does. */
export type Interrupt = () => void;

export class StreamFile extends OpenFile {
  /** Present when the stream is a terminal. */
  readonly terminal: Terminal | undefined;
  readonly #input: InputStream | undefined;
  readonly #output: OutputStream | undefined;
  readonly #stat: Stat;
  readonly #interrupt: Interrupt;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param stat what fstat says: a pipe, or the terminal's device. */
  constructor(
    stat: Stat,
    ends: { readonly input?: InputStream; readonly output?: OutputStream },
    terminal: Terminal | undefined,
    interrupt: Interrupt,
  ) {
    const flags = ends.output === undefined ? 0 : ends.input === undefined ? OpenFlag.WRONLY : OpenFlag.RDWR;
    super(terminal === undefined ? `pipe:[${stat.inode}]` : '/dev/tty', flags);
    this.#input = ends.input;
    this.#output = ends.output;
    this.#stat = stat;
    this.terminal = terminal;
    this.#interrupt = interrupt;
  }

  stat(): Stat {
    return this.#stat;
  }

  override read(into: Uint8Array): number {
    if (this.#input === undefined) fail(Errno.EBADF);
    if (into.length === 0) return 0;
    if (this.#rest.length === 0) {
      const bytes = this.#input.read(into.length);
      if (bytes === 'wait') return WOULD_BLOCK;
      if (bytes === null) return 0;
      this.#rest = this.#withoutInterrupts(bytes);
      if (this.#rest.length === 0) return WOULD_BLOCK;
    }
    const count = Math.min(into.length, this.#rest.length);
    into.set(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
    return count;
  }

  #withoutInterrupts(bytes: Uint8Array): Uint8Array {
    const key = this.terminal?.interruptByte ?? -1;
    if (key < 0 || !bytes.includes(key)) return bytes;
    this.#interrupt();
    return bytes.filter((byte) => byte !== key);
  }

  override write(bytes: Uint8Array): number {
    if (this.#output === undefined) fail(Errno.EBADF);
    if (bytes.length === 0) return 0;
    const count = this.#output.write(bytes);
    if (count === 'closed') fail(Errno.EPIPE);
    return count === 'wait' ? WOULD_BLOCK : count;
  }

  override poll(): number {
    let events = 0;
    if (this.#input !== undefined && (this.#rest.length > 0 || (this.#input.ready?.() ?? true))) events |= Poll.IN;
    if (this.#output !== undefined && (this.#output.ready?.() ?? true)) events |= Poll.OUT;
    return events;
  }

  override available(): number {
    return this.#rest.length;
  }
}
