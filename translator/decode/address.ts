/**
 * The bytes under the decoder's eye, and the memory operand that ModRM, SIB and displacement describe.
 *
 * Source: SDM vol. 2A, §2.1.5, tables 2-1 to 2-3.
 */
import type { MemoryOperand } from './instruction.ts';

/** Segment numbers used as defaults. */
const SEGMENT_SS = 2;
const SEGMENT_DS = 3;

/** A reading position in code bytes, and the fields of the memory operand read last. */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** Index in `bytes` of the next byte. */
  position = 0;
  base = -1;
  index = -1;
  scale = 1;
  disp = 0;
  /** Default segment of the memory operand: SS when the base is ESP, EBP or BP, else DS. */
  segment = SEGMENT_DS;

  peek8(): number {
    return this.bytes[this.position]!;
  }

  read8(): number {
    return this.bytes[this.position++]!;
  }

  readSigned8(): number {
    return (this.bytes[this.position++]! << 24) >> 24;
  }

  read16(): number {
    const { bytes, position } = this;
    this.position = position + 2;
    return bytes[position]! | (bytes[position + 1]! << 8);
  }

  read32(): number {
    const { bytes, position } = this;
    this.position = position + 4;
    return bytes[position]! | (bytes[position + 1]! << 8) | (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24);
  }

  /** Read what follows a ModRM byte of a memory form, in 16-bit addressing. */
  readAddress16(modrm: number): void {
    const mod = modrm >> 6;
    const rm = modrm & 7;
    this.scale = 1;
    this.segment = SEGMENT_DS;
    if (mod === 0 && rm === 6) {
      this.base = -1;
      this.index = -1;
      this.disp = (this.read16() << 16) >> 16;
      return;
    }
    this.base = base16[rm]!;
    this.index = index16[rm]!;
    if (this.base === 5) this.segment = SEGMENT_SS;
    this.disp = mod === 0 ? 0 : mod === 1 ? this.readSigned8() : (this.read16() << 16) >> 16;
  }

  /** Read what follows a ModRM byte of a memory form, in 32-bit addressing. */
  readAddress32(modrm: number): void {
    const mod = modrm >> 6;
    let base = modrm & 7;
    this.index = -1;
    this.scale = 1;
    if (base === 4) {
      const sib = this.read8();
      const index = (sib >> 3) & 7;
      base = sib & 7;
      if (index !== 4) {
        this.index = index;
        this.scale = 1 << (sib >> 6);
      }
    }
    if (mod === 0) {
      if (base === 5) {
        base = -1;
        this.disp = this.read32();
      } else {
        this.disp = 0;
      }
    } else {
      this.disp = mod === 1 ? this.readSigned8() : this.read32();
    }
    this.base = base;
    this.segment = base === 4 || base === 5 ? SEGMENT_SS : SEGMENT_DS;
  }

  /** The memory operand read last. `override` is a segment 0..5 or -1. */
  memory(override: number, addressSize: 16 | 32, size: number): MemoryOperand {
    return {
      kind: 'memory',
      segment: override >= 0 ? override : this.segment,
      base: this.base,
      index: this.index,
      scale: this.scale,
      disp: this.disp,
      addressSize,
      size,
    };
  }
}

/** Base and index by ModRM.rm in 16-bit addressing: BX+SI BX+DI BP+SI BP+DI SI DI BP BX. */
const base16: Int8Array = Int8Array.of(3, 3, 5, 5, 6, 7, 5, 3);
const index16: Int8Array = Int8Array.of(6, 7, 6, 7, -1, -1, -1, -1);
