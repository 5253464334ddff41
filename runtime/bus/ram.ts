/**
 * Guest RAM: one host buffer from physical address 0, seen through one typed array for each access width.
 *
 * The buffer is never detached (V8 would add a detach test to every access everywhere) and the host commits its pages
 * only when they are touched, so a large size costs nothing until used.
 */
import { MachineMemory, WHOLE_RAM_BYTES } from '../abi/host-memory.ts';
import { hostIsLittleEndian } from './endian.ts';

/** Largest RAM: the TLB word's sign bit marks slow pages (abi/tlb.ts). */
const MAX_RAM_BYTES: number = 0x7ff00000;
/** The linear address space. */
const LINEAR_BYTES = 0x100000000;

export class Ram {
  /** The buffer, with room for the machine's tables behind RAM. */
  readonly memory: MachineMemory;
  /** Bytes, a multiple of 4096. */
  readonly size: number;
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly i32: Int32Array;
  /** For accesses that need not be aligned. */
  readonly view: DataView;
  /** Does the buffer have a place for every linear address? */
  readonly isWhole: boolean;

  /** @param size bytes, rounded up to whole pages; at most MAX_RAM_BYTES.  @throws RangeError outside that range. */
  constructor(size: number, memory: MachineMemory = new MachineMemory(checkedSize(size))) {
    if (!hostIsLittleEndian) throw new RangeError('xlat86 needs a little-endian host');
    const { buffer } = memory;
    this.memory = memory;
    this.size = checkedSize(size);
    this.isWhole = buffer.byteLength === LINEAR_BYTES;
    // With a place for every address no access needs a test of its index.
    const bytes = this.isWhole ? LINEAR_BYTES : this.size;
    this.u8 = new Uint8Array(buffer, 0, bytes);
    this.i8 = new Int8Array(buffer, 0, bytes);
    this.u16 = new Uint16Array(buffer, 0, bytes / 2);
    this.i16 = new Int16Array(buffer, 0, bytes / 2);
    this.i32 = new Int32Array(buffer, 0, bytes / 4);
    this.view = new DataView(buffer, 0, bytes);
  }

  /**
   * RAM over a buffer of 4 GiB, of which the host commits what is touched, so that pages can lie at their linear
   * addresses; where the host has no such buffer, plain RAM of `size` bytes.
   */
  static whole(size: number): Ram {
    checkedSize(size);
    let memory: MachineMemory;
    try {
      memory = new MachineMemory(LINEAR_BYTES);
    } catch {
      return new Ram(size);
    }
    return new Ram(WHOLE_RAM_BYTES, memory);
  }
}

function checkedSize(size: number): number {
  if (!(size > 0 && size <= MAX_RAM_BYTES)) throw new RangeError(`guest RAM of ${size} bytes is out of range`);
  return (size + 4095) & ~4095;
}
