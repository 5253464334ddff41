// MMX and SSE to SSE4.2: a register and a memory form of every row of translator/isa. Which instructions there are and
// what their operands look like comes from the rows, what they do from the CPU. Each form has few encodings (a dozen, or
// more where there is an immediate) and many operands, so that a test translates little and compares much.
import type { OperandCode } from '../../../../translator/decode/operand-codes.ts';
import { operandForms } from '../../../../translator/decode/operand-codes.ts';
import { families } from '../../../../translator/isa/index.ts';
import type { Row } from '../../../../translator/isa/row.ts';
import { type Access, type CaseBuilder, type Encoded, littleEndian, REG } from '../builder.ts';
import { formName } from '../case-format.ts';
import { type FormSpec, parseOpcode } from '../form.ts';
import { caseSeed, FS_BASE, Xorshift32 } from '../memory-map.ts';
import { copySimd, seedSimd, type ValueKind } from '../simd-state.ts';

const CASES = 200;
/** More for forms in which an immediate of many meanings stands. */
const TEXT_CASES = 400;
const ENCODINGS = 12;
const IMMEDIATE_ENCODINGS = 50;
const TEXT_ENCODINGS = 128;
const FAULTS = 12;

/** Not claimed, or their result is the host's: XSAVE and its kin, cache lines. FXSAVE has forms of its own. */
const LEFT_OUT = /^(XSAVE|XRSTOR|CLWB|CLFLUSHOPT|FXSAVE|FXRSTOR)/;
/** Memory operands of 16 bytes that need no alignment. */
const UNALIGNED = /^(MOVUP|MOVDQU|LDDQU|PCMP[EI]STR)/;
const SHIFT_BY_REGISTER = /^PS(LL|RL|RA)[WDQ]$/;
const MMX: ReadonlySet<OperandCode> = new Set<OperandCode>(['Pq', 'Pd', 'Qq', 'Qd', 'Nq']);

/** What the registers shall hold, by what the source is. */
function kindOf({ mnemonic, operands }: Row): ValueKind {
  if (/^PCMP[EI]STR/.test(mnemonic)) return 'text';
  const conversion = /^CVTT?(PS|SS|PD|SD|PI|DQ|SI)2/.exec(mnemonic);
  const type = conversion ? conversion[1]!.toLowerCase() : operands.join(' ');
  return /ps|ss/.test(type) ? 'single' : /pd|sd/.test(type) ? 'double' : 'integer';
}

function codesOf(row: Row): readonly OperandCode[] {
  return row.operands as readonly OperandCode[];
}

/** Which operand the r/m field names, or -1. */
function rmOperand(operands: readonly OperandCode[]): number {
  return operands.findIndex((code) => 'EQWNURM'.includes(operandForms[code].method));
}

/** ModRM, SIB and displacement of a memory operand: its shape comes from the encoding's own `random`, its address
 *  from the case, by way of a register. */
function addressing(c: CaseBuilder, random: Xorshift32, la: number, avoid: readonly number[]): Encoded {
  const bases = [REG.EAX, REG.ECX, REG.EDX, REG.EBX, REG.EBP, REG.ESI, REG.EDI].filter((reg) => !avoid.includes(reg));
  const base = bases[random.below(bases.length)]!;
  const disp = (random.next() << 24) >> 24;
  const shape = random.below(6);
  const fs = random.below(8) === 0;
  const target = (la - (fs ? FS_BASE : 0) - disp) | 0;
  const prefixes = fs ? [0x64] : [];
  if (shape === 0) {
    // [base + index * scale + disp32]
    const index = bases[random.below(bases.length)]!;
    const scale = random.below(4);
    if (index !== base) {
      c.pin(base, (target - (c.regs[index]! << scale)) | 0);
      return { prefixes, bytes: [0x84, (scale << 6) | (index << 3) | base, ...littleEndian(disp, 32)] };
    }
  }
  c.pin(base, target);
  return { prefixes, bytes: [0x40 | base, disp & 0xff] };
}

/** A place for an operand: mostly aligned where that is asked for. */
function place(c: CaseBuilder, bytes: number, access: Access, aligned: boolean): number {
  if (!aligned || c.chance(3)) return c.place(bytes, access);
  if (!c.faulting) return 0x101000 + c.random.below(0x2000 / bytes) * bytes;
  const pages = access === 'r' ? [0x103000, 0x106000, 0x100000] : [0x103000, 0x106000, 0x105000];
  return c.pick(pages) + c.random.below(0x1000 / bytes) * bytes;
}

function immediateFor(mnemonic: string, random: Xorshift32): number {
  if (/^CMP[PS][SD]$/.test(mnemonic)) return random.below(8);
  if (/^PS(LL|RL|RA)/.test(mnemonic)) return random.below(4) === 0 ? random.below(256) : random.below(36);
  if (/^PCMP[EI]STR/.test(mnemonic)) return random.below(128);
  if (/^PALIGNR/.test(mnemonic)) return random.below(8) === 0 ? random.below(256) : random.below(34);
  return random.below(256);
}

function simdForm(family: string, row: Row, variant: 'reg' | 'mem'): FormSpec {
  const { mnemonic } = row;
  const operands = codesOf(row);
  const kind = kindOf(row);
  const { prefixes, bytes, digit } = parseOpcode(row.opcode.replace(/^NP | [mr]$/g, ''));
  const at = rmOperand(operands);
  const code = operands[at];
  const isMmx = mnemonic === 'EMMS' || operands.some((operand) => MMX.has(operand));
  const size = code === undefined ? 0 : variant === 'mem' ? operandForms[code].memory : operandForms[code].width;
  const isText = kind === 'text';
  const hasImmediate = operands.at(-1) === 'Ib';
  const stores = at === 0 && mnemonic !== 'LDMXCSR' && mnemonic !== 'CLFLUSH';
  const masked = /^MASKMOV/.test(mnemonic);
  const form = {
    family,
    mnemonic,
    operands: operands.join(','),
    opcode: row.opcode,
    size,
    variant: `${variant} ${kind}${isMmx ? ' mmx' : ''}`,
  };
  const name = formName(form);
  const encodings = isText ? TEXT_ENCODINGS : hasImmediate ? IMMEDIATE_ENCODINGS : ENCODINGS;
  const loads = variant === 'mem' && !stores;
  return {
    form,
    cases: isText ? TEXT_CASES : CASES,
    faults: variant === 'mem' ? FAULTS : 0,
    mayFault: true,
    build(c) {
      const random = new Xorshift32(caseSeed(`${name}; encoding`, c.index % encodings));
      const { state, operand } = seedSimd(name, c.index, kind, isMmx);
      c.simd = copySimd(state);
      const reg = digit >= 0 ? digit : random.below(8);
      let rm: Encoded = { prefixes: [], bytes: [] };
      const avoid: number[] = [];
      if (/^PCMPESTR/.test(mnemonic)) {
        // Lengths: mostly within the 16 elements, negative ones count by their absolute value.
        for (const length of [REG.EAX, REG.EDX]) {
          if (c.chance(13)) c.pin(length, c.random.below(40) - 20);
          avoid.push(length);
        }
      }
      const small = SHIFT_BY_REGISTER.test(mnemonic) && !hasImmediate && c.chance(12);
      const count = c.random.below(66);
      if (masked) {
        rm = { prefixes: [], bytes: [0xc0 | random.below(8)] };
        c.pin(REG.EDI, c.place(size / 8, 'w'));
      } else if (variant === 'reg') {
        const number = random.below(8);
        if (mnemonic !== 'EMMS') rm = { prefixes: [], bytes: [0xc0 | number] };
        if (small && isMmx) c.simd.x87.set([count, 0, 0, 0, 0, 0, 0, 0], number * 10);
        else if (small) c.simd.xmm.set([count, 0], number * 4);
      } else {
        const length = size / 8;
        const la = place(c, length, stores ? 'w' : 'r', length === 16 && !UNALIGNED.test(mnemonic));
        rm = addressing(c, random, la, avoid);
        if (loads && !c.faulting) {
          if (mnemonic === 'LDMXCSR') c.pokeValue(la, controlWord(c), 32);
          else if (small) c.poke(la, [count, ...new Array<number>(length - 1).fill(0)]);
          else c.memory.push({ la, bytes: operand.subarray(0, length), seeded: true });
        }
      }
      const [modrm, ...address] = rm.bytes;
      const immediate = hasImmediate ? [immediateFor(mnemonic, random)] : [];
      const operandBytes = modrm === undefined ? [] : [modrm | (reg << 3), ...address];
      c.code.push(...rm.prefixes, ...prefixes, ...bytes, ...operandBytes, ...immediate);
    },
  };
}

/** What LDMXCSR loads: mostly legal. Bit 17 is left alone, which AMD CPUs have and Intel's have not. */
function controlWord(c: CaseBuilder): number {
  const word = c.random.next() & 0xffff;
  return c.chance(3) ? word | (1 << c.pick([16, 18, 19, 24, 31])) : word;
}

const FXSAVE_BYTES = 512;
/** FXSAVE's image up to the end of XMM7. */
const FXSAVE_USED = 288;

/** FXSAVE and FXRSTOR: an image of 512 bytes, aligned to 16. */
function imageForm(mnemonic: 'FXSAVE' | 'FXRSTOR'): FormSpec {
  const saves = mnemonic === 'FXSAVE';
  const opcode = saves ? 'NP 0F AE /0 m' : 'NP 0F AE /1 m';
  const form = { family: 'sse-state', mnemonic, operands: 'Mfx', opcode, size: 4096, variant: 'mem integer mmx' };
  const name = formName(form);
  return {
    form,
    cases: CASES,
    faults: FAULTS,
    mayFault: true,
    build(c) {
      const random = new Xorshift32(caseSeed(`${name}; encoding`, c.index % ENCODINGS));
      c.simd = copySimd(seedSimd(name, c.index, 'integer', true).state);
      const inside = 0x101000 + c.random.below((0x2000 - FXSAVE_BYTES) / 16) * 16;
      const outside = c.pick([0x102e10, 0x105000 - FXSAVE_BYTES + 16, 0x106000, 0x100f00]);
      const la = (c.faulting ? outside : inside) + (c.chance(1) ? c.random.below(16) : 0);
      if (!saves && !c.faulting) c.poke(la, imageOf(c));
      const { prefixes, bytes } = addressing(c, random, la, []);
      const [modrm, ...address] = bytes as [number, ...number[]];
      c.code.push(...prefixes, 0x0f, 0xae, modrm | (saves ? 0 : 8), ...address);
      if (!saves) return;
      // Pointers of the last x87 instruction (AMD CPUs save them only while an exception is pending), MXCSR_MASK, and
      // what the manual reserves behind XMM7.
      c.undefinedMemory.push({ la: la + 6, length: 18 }, { la: la + 28, length: 4 });
      c.undefinedMemory.push({ la: la + FXSAVE_USED, length: FXSAVE_BYTES - FXSAVE_USED });
    },
  };
}

/** What FXRSTOR loads. */
function imageOf(c: CaseBuilder): Uint8Array {
  const image = new Uint8Array(FXSAVE_USED);
  const view = new DataView(image.buffer);
  view.setUint16(0, c.chance(8) ? 0x37f : c.random.next(), true);
  view.setUint16(2, c.random.next(), true);
  view.setUint8(4, c.random.next());
  view.setUint32(24, controlWord(c), true);
  for (let at = 32; at < 160; at += 16) {
    view.setInt32(at, c.value(), true);
    view.setInt32(at + 4, c.value(), true);
    view.setInt16(at + 8, c.value(), true);
  }
  for (let at = 160; at < FXSAVE_USED; at += 4) view.setInt32(at, c.value(), true);
  return image;
}

function formsOf(family: string, name: string): FormSpec[] {
  const seen = new Set<string>();
  return families[name]!.filter(({ mnemonic }) => !LEFT_OUT.test(mnemonic)).flatMap((row) => {
    const operands = codesOf(row);
    const at = rmOperand(operands);
    const how = at < 0 ? 'R' : operandForms[operands[at]!].method;
    const variants =
      how === 'M' ? (['mem'] as const) : 'EQW'.includes(how) ? (['reg', 'mem'] as const) : (['reg'] as const);
    return variants
      .map((variant) => simdForm(family, row, variant))
      .filter(({ form }) => !seen.has(formName(form)) && seen.add(formName(form)));
  });
}

/** The SIMD families by fixture name. */
export const SIMD_FAMILIES: Readonly<Record<string, () => FormSpec[]>> = {
  mmx: () => formsOf('mmx', 'mmx'),
  'sse-move': () => formsOf('sse-move', 'sse moves'),
  'sse-float': () => formsOf('sse-float', 'sse floating point'),
  'sse-convert': () => formsOf('sse-convert', 'sse conversions'),
  'sse-shuffle': () => formsOf('sse-shuffle', 'sse shuffles'),
  'sse-integer': () => formsOf('sse-integer', 'sse integers'),
  'sse-text': () => formsOf('sse-text', 'sse text'),
  'sse-state': () => [...formsOf('sse-state', 'sse state and fences'), imageForm('FXSAVE'), imageForm('FXRSTOR')],
};
