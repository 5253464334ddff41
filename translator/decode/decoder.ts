/**
 * The decoder: guest bytes to one Instruction, or to the reason why there is none.
 *
 * Prefixes, opcode bytes, ModRM with SIB and displacement, immediates, in this order (SDM vol. 2A, chapter 2). All
 * knowledge of single opcodes is in the plans that opcode-map.ts makes from the rows; here stands only the encoding.
 */
import { Cursor } from './address.ts';
import type { Instruction, MemoryOperand, OpcodeRow, Operand } from './instruction.ts';
import { OpcodeMap, type Plan, UNDEFINED } from './opcode-map.ts';
import { CLASS_66, CLASS_F2, CLASS_F3, CLASS_NONE, MAP_0F, MAP_0F3A, MAP_0F38, VEX_MAPS } from './opcode-notation.ts';
import {
  BY_SIZE,
  FAR_POINTER,
  type OperandForm,
  PAIR,
  type Width,
  X87_ENVIRONMENT,
  X87_STATE,
} from './operand-codes.ts';
import * as registers from './registers.ts';

/** No instruction is longer (SDM vol. 2A, §2.3.11). */
export const MAX_LENGTH: number = 15;

/** Why bytes are no instruction. */
export interface DecodeFault {
  /**
   * `truncated`: the given bytes end inside the instruction, and more are needed to say anything. `ud`: undefined
   * opcode or operand form, or LOCK where it is illegal. `gp`: longer than 15 bytes.
   */
  readonly fault: 'truncated' | 'ud' | 'gp';
  /** Bytes looked at, 0..15. */
  readonly length: number;
}

/** Decodes by a fixed set of rows. Not re-entrant, but decoders are independent of each other. */
export interface Decoder<Row extends OpcodeRow = OpcodeRow> {
  /**
   * Decode the instruction at `bytes[offset]`. What follows its 15th byte has no influence.
   * @param eip EIP of its first byte, i32; in 16-bit code 0..0xffff.
   * @param code32 CS.D: operand and address size are 32 bits by default.
   * @param vex Whether C4 and C5 may be VEX prefixes: false in real-address and virtual-8086 mode.
   */
  decode(
    bytes: Uint8Array,
    offset: number,
    eip: number,
    code32: boolean,
    vex?: boolean,
  ): Instruction<Row> | DecodeFault;
}

/** Meaning of each byte as a prefix: 0 none, 1..6 segment ES CS SS DS FS GS, then the following. */
const PREFIX_OPERAND_SIZE = 7;
const PREFIX_ADDRESS_SIZE = 8;
const PREFIX_LOCK = 9;
const PREFIX_REP = 10;
const prefixes: Uint8Array = new Uint8Array(256);
for (const [index, byte] of [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65].entries()) prefixes[byte] = 1 + index;
prefixes[0x66] = PREFIX_OPERAND_SIZE;
prefixes[0x67] = PREFIX_ADDRESS_SIZE;
prefixes[0xf0] = PREFIX_LOCK;
prefixes[0xf2] = prefixes[0xf3] = PREFIX_REP;

/** Bytes that decoding may touch when it starts at the 15th: three opcode bytes, ModRM, SIB, displacement, immediates. */
const LOOK_AHEAD = 32;

/**
 * Make a decoder.
 * @throws Error when a row is ill-formed; it names it. Whether rows contradict each other is for checkOpcodes() to say.
 */
export function createDecoder<Row extends OpcodeRow>(rows: readonly Row[]): Decoder<Row> {
  return new TableDecoder(new OpcodeMap(rows));
}

class TableDecoder<Row extends OpcodeRow> implements Decoder<Row> {
  private readonly map: OpcodeMap<Row>;
  private readonly cursor = new Cursor();
  private readonly tail = new Uint8Array(LOOK_AHEAD);
  /** Bytes that may be used, 0..15, and where in the cursor's bytes the instruction starts. */
  private available = 0;
  private start = 0;
  private segmentOverride = -1;
  private operandSize: 16 | 32 = 32;
  private addressSize: 16 | 32 = 32;
  private modrm = 0;

  constructor(map: OpcodeMap<Row>) {
    this.map = map;
  }

  decode(
    bytes: Uint8Array,
    offset: number,
    eip: number,
    code32: boolean,
    vex: boolean = code32,
  ): Instruction<Row> | DecodeFault {
    const cursor = this.cursor;
    this.look(bytes, offset);
    this.segmentOverride = -1;
    this.operandSize = code32 ? 32 : 16;
    this.addressSize = this.operandSize;
    let lock = false;
    let rep: 0 | 0xf2 | 0xf3 = 0;
    let prefix66 = false;

    let byte = cursor.read8();
    for (let kind = prefixes[byte]!; kind !== 0; kind = prefixes[byte]!) {
      if (kind < PREFIX_OPERAND_SIZE) this.segmentOverride = kind - 1;
      else if (kind === PREFIX_OPERAND_SIZE) {
        prefix66 = true;
        this.operandSize = code32 ? 16 : 32;
      } else if (kind === PREFIX_ADDRESS_SIZE) this.addressSize = code32 ? 16 : 32;
      else if (kind === PREFIX_LOCK) lock = true;
      else rep = byte as 0xf2 | 0xf3;
      if (cursor.position - this.start >= MAX_LENGTH) return this.fault(MAX_LENGTH + 1);
      byte = cursor.read8();
    }

    let map = 0;
    let prefixClass = rep === 0xf3 ? CLASS_F3 : rep === 0xf2 ? CLASS_F2 : prefix66 ? CLASS_66 : CLASS_NONE;
    let vvvv = 0;
    if (byte === 0x0f) {
      map = MAP_0F;
      byte = cursor.read8();
      if (byte === 0x38 || byte === 0x3a) {
        map = byte === 0x38 ? MAP_0F38 : MAP_0F3A;
        byte = cursor.read8();
      }
    } else if (vex && (byte & 0xfe) === 0xc4 && cursor.peek8() >= 0xc0) {
      // Two bytes hold map 0F by themselves; of three the first names the map. R, X and B mean nothing outside
      // 64-bit mode, nor does the top bit of vvvv. VEX.L is 0 in all rows that we have.
      if (lock || rep !== 0 || prefix66) return this.fault(cursor.position - this.start);
      const mapField = byte === 0xc4 ? cursor.read8() & 0x1f : 1;
      const fields = cursor.read8();
      byte = cursor.read8();
      if (mapField < 1 || mapField > 3 || (fields & 4) !== 0) return this.fault(cursor.position - this.start);
      map = VEX_MAPS + mapField;
      prefixClass = fields & 3;
      vvvv = (~fields >> 3) & 15;
    }

    const plan = this.findPlan((map << 10) | (byte << 2) | prefixClass);
    if (plan === undefined) return this.fault(cursor.position - this.start);
    if (map > VEX_MAPS && !plan.usesVvvv && vvvv !== 0) return this.fault(cursor.position - this.start);
    if (plan.addresses && this.modrm < 0xc0) {
      if (this.addressSize === 32) cursor.readAddress32(this.modrm);
      else cursor.readAddress16(this.modrm);
    }

    // The length is not known before the immediates are read, but relative targets count from the end: they are
    // always the last operand to be encoded.
    const forms = plan.operands;
    const operands: Operand[] = [];
    for (let i = 0; i < forms.length; i++) operands.push(this.operand(forms[i]!, byte, vvvv, eip, code32));

    const length = cursor.position - this.start;
    if (length > this.available) return this.fault(length);
    if (lock && !(plan.lockable && operands[0]!.kind === 'memory')) return this.fault(length);
    return {
      row: plan.row,
      eip,
      next: advance(eip, length, code32),
      length,
      mnemonic: (plan.nameByAddress ? this.addressSize : this.operandSize) === 32 ? plan.name32 : plan.name16,
      operandSize: this.operandSize,
      addressSize: this.addressSize,
      lock,
      rep: plan.takesRep ? 0 : rep,
      segmentOverride: this.segmentOverride,
      modrm: this.modrm,
      operands,
    };
  }

  /** Put the cursor on the bytes, or on a copy with zeros behind when they end soon. */
  private look(bytes: Uint8Array, offset: number): void {
    const left = bytes.length - offset;
    this.available = Math.min(left, MAX_LENGTH);
    if (left >= LOOK_AHEAD) {
      this.cursor.bytes = bytes;
      this.start = offset;
    } else {
      this.tail.fill(0);
      this.tail.set(bytes.subarray(offset));
      this.cursor.bytes = this.tail;
      this.start = 0;
    }
    this.cursor.position = this.start;
  }

  /** The fault of an instruction that is undefined or too long, of which `used` bytes are known to be needed. */
  private fault(used: number): DecodeFault {
    if (used <= this.available) return { fault: 'ud', length: used };
    return { fault: this.available === MAX_LENGTH ? 'gp' : 'truncated', length: this.available };
  }

  /** Look the opcode up; reads the ModRM byte if there is one. */
  private findPlan(key: number): Plan<Row> | undefined {
    const { map } = this;
    let root = map.roots[key]!;
    if (root === 0) root = map.resolve(key);
    if (root === UNDEFINED) return undefined;
    if (root > 0) {
      const plan = map.plan(root - 1);
      if (plan.hasModrm) this.modrm = this.cursor.read8();
      return plan;
    }
    this.modrm = this.cursor.read8();
    const entry = map.tables[-root - 1]![this.modrm]!;
    return entry === 0 ? undefined : map.plan(entry - 1);
  }

  /** Make one operand, reading what of it follows the address bytes. */
  private operand(form: OperandForm, opcode: number, vvvv: number, eip: number, code32: boolean): Operand {
    const { modrm, cursor } = this;
    switch (form.method) {
      case 'E':
        return modrm >= 0xc0 ? registers.gprOf(this.width(form.width))[modrm & 7]! : this.memory(form.memory);
      case 'G':
        return registers.gprOf(this.width(form.width))[(modrm >> 3) & 7]!;
      case 'Z':
        return registers.gprOf(this.width(form.width))[opcode & 7]!;
      case 'M':
        return this.memory(form.width);
      case 'I':
      case 'Is':
        return this.immediate(form);
      case 'J':
        return this.relative(this.width(form.width), eip, code32);
      case 'gpr':
        return registers.gprOf(this.width(form.width))[form.register]!;
      case 'one':
        return one;
      case 'X':
        return this.implicit(6, DS, form.width);
      case 'Y':
        return this.implicit(7, ES_ALWAYS, form.width);
      case 'R':
      case 'T':
        return registers.gprOf(this.width(form.width))[modrm & 7]!;
      case 'B':
        return registers.gpr32[vvvv & 7]!;
      case 'O': {
        cursor.base = -1;
        cursor.index = -1;
        cursor.scale = 1;
        cursor.segment = DS;
        cursor.disp = this.addressSize === 32 ? cursor.read32() : (cursor.read16() << 16) >> 16;
        return this.memory(form.width);
      }
      case 'A': {
        const offset = this.operandSize === 32 ? cursor.read32() : cursor.read16();
        return { kind: 'far', selector: cursor.read16(), offset, size: this.operandSize };
      }
      case 'BB':
        return this.implicit(3, DS, form.width);
      case 'BD':
        return this.implicit(7, DS, form.width);
      case 'S':
      case 'L':
        return registers.segments[(modrm >> 3) & 7]!;
      case 'seg':
        return registers.segments[form.register]!;
      case 'C':
        return registers.control[(modrm >> 3) & 7]!;
      case 'D':
        return registers.debug[(modrm >> 3) & 7]!;
      case 'P':
        return registers.mmx[(modrm >> 3) & 7]!;
      case 'Q':
        return modrm >= 0xc0 ? registers.mmx[modrm & 7]! : this.memory(form.memory);
      case 'N':
        return registers.mmx[modrm & 7]!;
      case 'V':
        return registers.xmm[(modrm >> 3) & 7]!;
      case 'W':
        return modrm >= 0xc0 ? registers.xmm[modrm & 7]! : this.memory(form.memory);
      case 'U':
        return registers.xmm[modrm & 7]!;
      case 'xmm':
        return registers.xmm[form.register]!;
      case 'st0':
        return registers.x87[0]!;
      case 'sti':
        return registers.x87[modrm & 7]!;
    }
  }

  private width(width: Width): number {
    if (width >= 0) return width;
    const wide = this.operandSize === 32;
    switch (width) {
      case BY_SIZE:
        return this.operandSize;
      case FAR_POINTER:
        return wide ? 48 : 32;
      case PAIR:
        return wide ? 64 : 32;
      case X87_ENVIRONMENT:
        return wide ? 28 * 8 : 14 * 8;
      case X87_STATE:
        return wide ? 108 * 8 : 94 * 8;
    }
    throw new Error(`no width rule ${width}`);
  }

  private memory(width: Width): MemoryOperand {
    return this.cursor.memory(this.segmentOverride, this.addressSize, this.width(width));
  }

  /** Memory at a register, without ModRM. */
  private implicit(base: number, segment: number, width: Width): MemoryOperand {
    const override = segment === ES_ALWAYS ? -1 : this.segmentOverride;
    return {
      kind: 'memory',
      segment: override >= 0 ? override : segment,
      base,
      index: -1,
      scale: 1,
      disp: 0,
      addressSize: this.addressSize,
      size: this.width(width),
    };
  }

  private immediate(form: OperandForm): Operand {
    const { cursor } = this;
    const size = this.width(form.width);
    if (size === 32) return { kind: 'immediate', value: cursor.read32(), size };
    if (size === 16) return { kind: 'immediate', value: cursor.read16(), size };
    if (form.method === 'I') return { kind: 'immediate', value: cursor.read8(), size };
    const value = cursor.readSigned8();
    return { kind: 'immediate', value: this.operandSize === 32 ? value : value & 0xffff, size };
  }

  private relative(size: number, eip: number, code32: boolean): Operand {
    const { cursor } = this;
    const distance = size === 8 ? cursor.readSigned8() : size === 16 ? cursor.read16() : cursor.read32();
    const target = advance(eip, cursor.position - this.start, code32) + distance;
    return { kind: 'relative', target: this.operandSize === 32 ? target | 0 : target & 0xffff };
  }
}

const DS = 3;
/** The destination of string instructions: ES whatever the override. */
const ES_ALWAYS = 0;

/** The constant 1 of the shifts D0 and D1; it takes no bytes, its size is that of a shift count. */
const one: Operand = Object.freeze({ kind: 'immediate', value: 1, size: 8 });

function advance(eip: number, length: number, code32: boolean): number {
  return code32 ? (eip + length) | 0 : (eip + length) & 0xffff;
}
