/**
 * The standard streams of a Node process as guest streams.
 *
 * A file is read and written in place, by descriptor. A pipe, socket or terminal is read through Node's stream, because
 * a blocking read would keep SIGINT and timers from being seen; output goes out by descriptor at once.
 */
import * as fs from 'node:fs';
import type { ReadStream } from 'node:tty';
import type { InputStream, OutputStream } from '../linux/files/stream-file.ts';
import type { HostTerminal } from '../linux/files/terminal.ts';
import { guarded, toSystemError } from './host-error.ts';

/** Milliseconds after which output that could not be taken is tried again. */
const RETRY = 5;

/** Standard input. `close` gives the terminal back and lets the host exit. */
export interface NodeInput extends InputStream {
  close(): void;
}

/** Descriptor 0 as a guest's input. */
export function openStandardInput(): NodeInput {
  const kind = kindOf(0);
  if (kind === 'none') return { read: () => null, close: () => {} };
  return kind === 'file' ? fileInput(0) : streamInput(process.stdin);
}

function kindOf(descriptor: number): 'file' | 'stream' | 'none' {
  try {
    const stat = fs.fstatSync(descriptor);
    const isPlain =
      stat.isFile() || stat.isDirectory() || stat.isBlockDevice() || (stat.isCharacterDevice() && !process.stdin.isTTY);
    return isPlain ? 'file' : 'stream';
  } catch {
    return 'none';
  }
}

function fileInput(descriptor: number): NodeInput {
  return {
    read: (max) => {
      const bytes = new Uint8Array(max);
      const count = guarded(() => fs.readSync(descriptor, bytes, 0, max, null));
      return count === 0 ? null : bytes.subarray(0, count);
    },
    close: () => {},
  };
}

function streamInput(stream: NodeJS.ReadStream): NodeInput {
  let ended = false;
  let rest: Uint8Array | null = null;
  const wakes: (() => void)[] = [];
  let listens = false;
  const notify = (): void => {
    for (const wake of wakes) wake();
  };
  /** Attached at the first read only: a guest that never reads leaves the input alone. */
  const listen = (): void => {
    if (listens) return;
    listens = true;
    stream.on('readable', notify);
    for (const event of ['end', 'error', 'close']) {
      stream.on(event, () => {
        ended = true;
        notify();
      });
    }
  };
  /** Moves what Node has into `rest`. */
  const pull = (): void => {
    listen();
    rest ??= stream.read() as Uint8Array | null;
  };
  const terminal = stream.isTTY ? terminalOf(stream) : undefined;
  return {
    read: (max) => {
      pull();
      if (rest === null) return ended ? null : 'wait';
      const bytes = rest.subarray(0, max);
      rest = rest.length > max ? rest.subarray(max) : null;
      return bytes;
    },
    ready: () => {
      pull();
      return rest !== null || ended;
    },
    onReady: (wake) => {
      wakes.push(wake);
    },
    close: () => {
      terminal?.setRaw(false);
      if (listens) stream.destroy();
    },
    ...(terminal === undefined ? {} : { terminal }),
  };
}

function terminalOf(input: ReadStream): HostTerminal {
  return {
    get columns() {
      return process.stdout.columns ?? process.stderr.columns ?? 80;
    },
    get rows() {
      return process.stdout.rows ?? process.stderr.rows ?? 24;
    },
    setRaw: (raw) => {
      if (input.isRaw !== raw) input.setRawMode(raw);
    },
  };
}

/** Descriptor 1 or 2 as a guest's output. */
export function openStandardOutput(descriptor: 1 | 2): OutputStream {
  const wakes: (() => void)[] = [];
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  const terminal: HostTerminal | undefined = stream.isTTY
    ? {
        get columns() {
          return stream.columns ?? 80;
        },
        get rows() {
          return stream.rows ?? 24;
        },
        setRaw: (raw) => {
          if (process.stdin.isTTY && process.stdin.isRaw !== raw) process.stdin.setRawMode(raw);
        },
      }
    : undefined;
  return {
    write: (bytes) => {
      try {
        return fs.writeSync(descriptor, bytes, 0, bytes.length);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE' || code === 'EBADF') return 'closed';
        if (code !== 'EAGAIN') throw toSystemError(error);
        setTimeout(() => {
          for (const wake of wakes) wake();
        }, RETRY);
        return 'wait';
      }
    },
    onReady: (wake) => {
      wakes.push(wake);
    },
    ...(terminal === undefined ? {} : { terminal }),
  };
}
