/**
 * The processor's way to video memory where it is not plain RAM: four planes behind latches, with write modes 0 to 3,
 * read modes 0 and 1, odd/even and chain-4 addressing.
 *
 * The byte of plane p at offset o is byte 4·o + p of video memory, so one 32-bit word is all four planes at an offset,
 * and the latches are one word. Chain-4 addresses are packed (address a is byte a), as SVGA chips have it: that is what
 * lets 256-colour memory be mapped as RAM.
 *
 * Source: IBM VGA technical reference, graphics controller; FreeVGA, "Accessing the display memory".
 */
import type { AddressSpace, MemoryFunctions } from '../../bus/address-space.ts';
import type { VgaRegisters } from './registers.ts';

/** Sequencer memory mode (index 4). */
const SEQUENTIAL = 4;
export const CHAIN_4 = 8;

/** Planes of a 4-bit mask, each as a byte of ones. */
const PLANES = Int32Array.from({ length: 16 }, (_, mask) => {
  let word = 0;
  for (let plane = 0; plane < 4; plane++) if (mask & (1 << plane)) word |= 0xff << (8 * plane);
  return word;
});

export class PlanarMemory implements MemoryFunctions {
  readonly isPassive = true;
  /** Address of the window that the graphics controller decodes. */
  windowBase = 0xa0000;
  windowBytes = 0x10000;
  /** Added to addresses inside the window. */
  bankOffset = 0;
  private readonly registers: VgaRegisters;
  private readonly memory: AddressSpace;
  private readonly words: Int32Array;
  private readonly place: number;
  private latches = 0;

  /** @param place where video memory is in the host buffer  @param bytes its size, a power of two. */
  constructor(registers: VgaRegisters, memory: AddressSpace, place: number, bytes: number) {
    this.registers = registers;
    this.memory = memory;
    this.place = place;
    this.words = memory.ram.i32.subarray(place >> 2, (place + bytes) >> 2);
  }

  reset(): void {
    this.latches = 0;
  }

  read8(pa: number): number {
    const offset = pa - this.windowBase;
    if (offset < 0 || offset >= this.windowBytes) return 0xff;
    const { graphics, sequencer } = this.registers;
    const memoryMode = sequencer[4]!;
    const latches = (this.latches = this.words[this.wordAt(offset, memoryMode)]!);
    if (memoryMode & CHAIN_4) return (latches >>> (8 * (offset & 3))) & 0xff;
    if (graphics[5]! & 8) {
      const different = (latches ^ PLANES[graphics[2]!]!) & PLANES[graphics[7]!]!;
      return ~(different | (different >>> 8) | (different >>> 16) | (different >>> 24)) & 0xff;
    }
    const plane = graphics[5]! & 16 ? (graphics[4]! & 2) | (offset & 1) : graphics[4]!;
    return (latches >>> (8 * plane)) & 0xff;
  }

  write8(pa: number, value: number): void {
    const offset = pa - this.windowBase;
    if (offset < 0 || offset >= this.windowBytes) return;
    const { graphics, sequencer } = this.registers;
    const memoryMode = sequencer[4]!;
    let planes = sequencer[2]!;
    if (memoryMode & CHAIN_4) planes &= 1 << (offset & 3);
    else if ((memoryMode & SEQUENTIAL) === 0) planes &= offset & 1 ? 0b1010 : 0b0101;
    const { latches } = this;
    let bits = graphics[8]!;
    let word: number;
    switch (graphics[5]! & 3) {
      case 0: {
        const setReset = PLANES[graphics[1]!]!;
        word = (this.rotate(value) * 0x01010101) & ~setReset;
        word |= PLANES[graphics[0]!]! & setReset;
        break;
      }
      case 1:
        this.store(offset, memoryMode, planes, latches);
        return;
      case 2:
        word = PLANES[value & 15]!;
        break;
      default:
        bits &= this.rotate(value);
        word = PLANES[graphics[0]!]!;
    }
    switch (graphics[3]! >>> 3) {
      case 1:
        word &= latches;
        break;
      case 2:
        word |= latches;
        break;
      case 3:
        word ^= latches;
        break;
    }
    const mask = (bits * 0x01010101) | 0;
    this.store(offset, memoryMode, planes, (word & mask) | (latches & ~mask));
  }

  private rotate(value: number): number {
    const count = this.registers.graphics[3]! & 7;
    return ((value >>> count) | (value << (8 - count))) & 0xff;
  }

  private store(offset: number, memoryMode: number, planes: number, word: number): void {
    const at = this.wordAt(offset, memoryMode);
    const mask = PLANES[planes]!;
    this.memory.onWrite(this.place + at * 4, 4);
    this.words[at] = (this.words[at]! & ~mask) | (word & mask);
  }

  /** Index of the four planes' bytes for an offset in the window. */
  private wordAt(offset: number, memoryMode: number): number {
    const at = offset + this.bankOffset;
    if (memoryMode & CHAIN_4) return (at >>> 2) & (this.words.length - 1);
    // Odd/even: the lowest bit selects planes. Without banks a plane has 64 KiB, whatever the window's size.
    const even = this.registers.graphics[6]! & 2 && (memoryMode & SEQUENTIAL) === 0 ? at & ~1 : at;
    return this.bankOffset === 0 ? even & 0xffff : even & (this.words.length - 1);
  }
}
