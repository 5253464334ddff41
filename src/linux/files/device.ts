/** Character devices that need no host: the memory devices of major number 1. */
import { Errno, fail } from '../errno.ts';
import { FileType, type Stat } from '../tree/file-system.ts';
import { OpenFile } from './open-file.ts';
import { plainStat } from './plain-stat.ts';

/** Device numbers, major << 8 | minor (Linux Documentation/admin-guide/devices.txt). */
export const Device = {
  Null: (1 << 8) | 3,
  Zero: (1 << 8) | 5,
  Full: (1 << 8) | 7,
  Random: (1 << 8) | 8,
  Urandom: (1 << 8) | 9,
  Tty: 5 << 8,
} as const;

/** Behaviour of one device: what reading gives, and whether writing works. */
class MemoryDevice extends OpenFile {
  readonly #device: number;
  readonly #fill: (into: Uint8Array) => number;

  constructor(path: string, flags: number, device: number, fill: (into: Uint8Array) => number) {
    super(path, flags);
    this.#device = device;
    this.#fill = fill;
  }

  stat(): Stat {
    return plainStat(FileType.CharacterDevice | 0o666, this.#device, this.#device);
  }

  override read(into: Uint8Array): number {
    return this.#fill(into);
  }

  override write(bytes: Uint8Array): number {
    return this.#device === Device.Full ? fail(Errno.ENOSPC) : bytes.length;
  }

  override readAt(into: Uint8Array): number {
    return this.#fill(into);
  }

  override writeAt(bytes: Uint8Array): number {
    return this.write(bytes);
  }

  override seek(): number {
    return 0;
  }
}

/** Opens a device by number. @throws SystemError ENXIO when there is none. */
export function openDevice(device: number, path: string, flags: number, random: (into: Uint8Array) => void): OpenFile {
  const zeros = (into: Uint8Array): number => {
    into.fill(0);
    return into.length;
  };
  switch (device) {
    case Device.Null:
      return new MemoryDevice(path, flags, device, () => 0);
    case Device.Zero:
    case Device.Full:
      return new MemoryDevice(path, flags, device, zeros);
    case Device.Random:
    case Device.Urandom:
      return new MemoryDevice(path, flags, device, (into) => {
        random(into);
        return into.length;
      });
    default:
      return fail(Errno.ENXIO);
  }
}
