// Builds one case: starts from the seeded registers, lets a form choose instruction bytes, operands and memory, and
// remembers what the manual leaves undefined. Addressing is solved backwards: first the linear address that the operand
// shall have (aligned, crossing a page, read-only, …), then a ModRM form, then the registers that make it so.

import type { MemoryBytes, MemoryRange } from './case-format.ts';
import { CODE_ADDRESS, caseSeed, FS_BASE, GS_BASE, operandValue, seedState, Xorshift32 } from './memory-map.ts';
import type { SimdState } from './simd-state.ts';

/** What an instruction does with its memory operand. `a` only takes its address. */
export type Access = 'a' | 'r' | 'w' | 'rw';

/** A ModRM operand, encoded, with the prefixes that it needs. */
export interface Encoded {
  readonly prefixes: readonly number[];
  /** ModRM with a zero reg field, SIB and displacement. */
  readonly bytes: readonly number[];
}

/** Registers by ModRM number. */
export const REG = { EAX: 0, ECX: 1, EDX: 2, EBX: 3, ESP: 4, EBP: 5, ESI: 6, EDI: 7 } as const;

const SEGMENT_PREFIXES: readonly number[] = [0x26, 0x36, 0x3e, 0x2e];

/** The state of one case while a form fills it in. */
export class CaseBuilder {
  /** Number within the form. */
  readonly index: number;
  /** Whether this case shall have a memory operand that faults. */
  readonly faulting: boolean;
  readonly random: Xorshift32;
  readonly regs: Int32Array = new Int32Array(8);
  eflags: number;
  eip: number = CODE_ADDRESS;
  readonly memory: MemoryBytes[] = [];
  /** XMM, MXCSR and x87 registers, in forms that have to do with them. */
  simd: SimdState | undefined;
  code: number[] = [];
  /** EFLAGS bits that the manual leaves undefined in this case. */
  undefinedFlags = 0;
  /** The same if the last instruction of a sequence faults. */
  undefinedOnFault = 0;
  /** For each register the bits that the manual leaves undefined in this case. */
  readonly undefinedRegs: Int32Array = new Int32Array(8);
  /** Memory whose contents the manual leaves undefined after a fault. */
  readonly undefinedMemory: MemoryRange[] = [];
  /** What a shift or rotate counts by, as the instruction sees it (not masked). */
  count = 1;
  /** The reg field of the last ModRM byte. */
  reg = 0;
  /** The register in the r/m field of the last ModRM byte, or -1 for memory. */
  rm = -1;
  /** Registers that addressing must not change any more, one bit each. ESP carries the stack. */
  pinned: number = 1 << REG.ESP;
  /** How often (of 16) a memory operand gets a segment override or a 16-bit address. */
  prefixOdds = 2;

  constructor(form: string, index: number, faulting: boolean) {
    this.index = index;
    this.faulting = faulting;
    this.random = new Xorshift32(caseSeed(form, index));
    this.eflags = seedState(this.random, this.regs);
  }

  /** True in `odds` of 16 cases. */
  chance(odds: number): boolean {
    return this.random.below(16) < odds;
  }

  /** One of `list`. */
  pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)]!;
  }

  /** An operand value, i32; see {@link operandValue}. */
  value(): number {
    return operandValue(this.random);
  }

  /** A register number for an operand of `size` bits. */
  chooseReg(_size: number): number {
    return this.random.below(8);
  }

  /** Set a register for good. */
  pin(reg: number, value: number): void {
    this.regs[reg] = value;
    this.pinned |= 1 << reg;
  }

  /** Put bytes into memory before the case. */
  poke(la: number, bytes: ArrayLike<number>): void {
    this.memory.push({ la: la >>> 0, bytes: Uint8Array.from(bytes) });
  }

  /** Put a little-endian value of `size` bits into memory before the case. */
  pokeValue(la: number, value: number, size: number): void {
    this.poke(la, littleEndian(value, size));
  }

  /** A linear address for `size` bytes of memory, of a kind that `access` can (or, in a faulting case, cannot) reach. */
  place(size: number, access: Access): number {
    const inside = (base: number, limit: number): number => base + this.random.below(limit - size);
    const across = (boundary: number): number =>
      size === 1 ? boundary - 1 + this.random.below(2) : boundary - size + 1 + this.random.below(size - 1);
    const writes = access !== 'r';
    if (access === 'a') return this.random.next();
    if (this.faulting) {
      switch (this.random.below(writes ? 5 : 3)) {
        case 0:
          return inside(0x103000, 0x1000);
        case 1:
          return size === 1 ? 0x103000 : across(0x103000);
        case 2:
          return size === 1 ? 0x100fff : across(0x101000);
        case 3:
          return inside(0x105000, 0x1000);
        default:
          return size === 1 ? 0x105000 : across(0x105000);
      }
    }
    switch (this.random.below(8)) {
      case 0:
      case 1:
        return across(0x102000);
      case 2:
        return writes ? inside(0x104000, 0x1000) : inside(0x104000, 0x2000);
      case 3:
      case 4:
        return inside(0x101000, 0x2000);
      default:
        return 0x101000 + this.random.below(Math.trunc(0x2000 / size)) * size;
    }
  }

  /** A ModRM memory operand of `size` bytes at a fresh place, its bytes set to an operand value.
   *  @param contents little-endian bytes to put there in place of random ones. */
  memoryOperand(size: number, access: Access, contents?: ArrayLike<number>): Encoded {
    const short = access !== 'a' && !this.faulting && this.chance(this.prefixOdds);
    const la = short ? this.lowPlace(size) : this.place(size, access);
    if ((access === 'r' || access === 'rw') && !this.faulting) {
      const random = [...littleEndian(this.value(), 32), ...littleEndian(this.value(), 32)];
      const bytes = contents ?? random.slice(0, size);
      if (bytes.length > 0) this.poke(la, bytes);
    }
    if (short) return this.address16(la);
    const prefixes: number[] = [];
    let base = 0;
    if (this.chance(this.prefixOdds)) {
      const choice = this.random.below(6);
      if (choice === 4) prefixes.push(0x64);
      else if (choice === 5) prefixes.push(0x65);
      // CS cannot be written through: that is a fault of its own (family `fault`).
      else prefixes.push(SEGMENT_PREFIXES[access === 'r' ? choice : choice % 3]!);
      if (access !== 'a') base = choice === 4 ? FS_BASE : choice === 5 ? GS_BASE : 0;
    }
    return { prefixes, bytes: this.address32((la - base) | 0) };
  }

  private lowPlace(size: number): number {
    // Whether a pair of operands (BOUND) wraps between its halves is the CPU's own affair: up to 4 bytes only.
    if (size <= 4 && this.chance(4)) return 0xffff - this.random.below(Math.max(1, size - 1));
    return 0x8000 + this.random.below(0x2000 - size);
  }

  /** ModRM, SIB and displacement in 32-bit form whose effective address is `ea`, with registers set to fit. */
  address32(ea: number): number[] {
    const mod = this.random.below(3);
    const rm = this.random.below(8);
    const bytes = [(mod << 6) | rm];
    let base: number = rm;
    let index = -1;
    let scale = 0;
    if (rm === 4) {
      scale = this.random.below(4);
      index = this.random.below(8);
      base = this.random.below(8);
      bytes.push((scale << 6) | (index << 3) | base);
      if (index === 4) index = -1;
    }
    if (base === 5 && mod === 0) base = -1;
    const scaled = (): number => (index < 0 ? 0 : this.regs[index]! << scale);
    const canSolve = base >= 0 && base !== index && (this.pinned & (1 << base)) === 0;
    if (mod === 2 || base < 0) {
      const disp = (ea - scaled() - (base < 0 ? 0 : this.regs[base]!)) | 0;
      return [...bytes, ...littleEndian(disp, 32)];
    }
    if (!canSolve) return this.address32(ea);
    const disp = mod === 1 ? (this.random.next() << 24) >> 24 : 0;
    this.pin(base, (ea - disp - scaled()) | 0);
    if (index >= 0) this.pinned |= 1 << index;
    return mod === 1 ? [...bytes, disp & 0xff] : bytes;
  }

  /** A 67-prefixed operand whose 16-bit effective address is `ea`, with registers set to fit. */
  address16(ea: number): Encoded {
    const mod = this.random.below(3);
    const rm = this.random.below(8);
    const pairs = [
      [REG.EBX, REG.ESI],
      [REG.EBX, REG.EDI],
      [REG.EBP, REG.ESI],
      [REG.EBP, REG.EDI],
      [REG.ESI],
      [REG.EDI],
      [REG.EBP],
      [REG.EBX],
    ];
    const bytes = [(mod << 6) | rm];
    const parts = mod === 0 && rm === 6 ? [] : pairs[rm]!;
    const others = (): number => parts.slice(1).reduce((sum, reg) => sum + this.regs[reg]!, 0);
    if (mod === 2 || parts.length === 0) {
      const first = parts.length === 0 ? 0 : this.regs[parts[0]!]!;
      return { prefixes: [0x67], bytes: [...bytes, ...littleEndian(ea - first - others(), 16)] };
    }
    if (this.pinned & (1 << parts[0]!)) return this.address16(ea);
    const disp = mod === 1 ? (this.random.next() << 24) >> 24 : 0;
    const low = (ea - disp - others()) & 0xffff;
    this.pin(parts[0]!, (this.regs[parts[0]!]! & ~0xffff) | low);
    for (const reg of parts) this.pinned |= 1 << reg;
    return { prefixes: [0x67], bytes: mod === 1 ? [...bytes, disp & 0xff] : bytes };
  }
}

/** `value` as `size` / 8 bytes. */
export function littleEndian(value: number, size: number): number[] {
  const bytes: number[] = [];
  for (let shift = 0; shift < size; shift += 8) bytes.push((value >>> shift) & 0xff);
  return bytes;
}
