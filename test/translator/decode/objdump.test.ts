/**
 * The decoder and the printer against objdump, over random byte sequences in 32- and 16-bit code.
 *
 * Lengths must agree for every sequence that both take for an instruction, texts too. Where objdump and the manual
 * part ways there is a rule below with its reason; a rule that nothing needs any more fails the test.
 * XLAT86_OBJDUMP_SAMPLE is the number of sequences in each mode, XLAT86_OBJDUMP_SEED the seed.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createDecoder,
  type DecodeFault,
  type Instruction,
  printInstruction,
} from '../../../translator/decode/index.ts';
import { rows } from '../../../translator/isa/index.ts';
import { type Disassembly, disassemble, objdumpVersion, STRIDE } from '../../support/objdump.ts';
import { randomSequence, randomWords } from '../../support/objdump-sample.ts';
import { fromObjdump, fromOurs, type PlainText } from '../../support/objdump-text.ts';

const sampleSize = Number(process.env['XLAT86_OBJDUMP_SAMPLE'] ?? 20_000);
const seed = Number(process.env['XLAT86_OBJDUMP_SEED'] ?? 1);
const decoder = createDecoder(rows);

interface Case {
  readonly bytes: Uint8Array;
  readonly code32: boolean;
  readonly theirs: Disassembly;
  readonly ours: Instruction | DecodeFault;
}

interface Rule {
  readonly reason: string;
  applies(one: Case, theirs: PlainText, ours: Instruction | undefined): boolean;
}

const prefixes = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]);
const prefixCount = (bytes: Uint8Array): number => bytes.findIndex((byte) => !prefixes.has(byte));
const decodeCase = (bytes: Uint8Array, eip: number, code32: boolean): Instruction | DecodeFault =>
  decoder.decode(bytes, 0, code32 ? eip : eip & 0xffff, code32, true);

/** The same bytes with some prefixes replaced by DS, which changes no length. */
function without(one: Case, unwanted: readonly number[]): Instruction | DecodeFault {
  const count = prefixCount(one.bytes);
  return decodeCase(
    one.bytes.map((byte, index) => (index < count && unwanted.includes(byte) ? 0x3e : byte)),
    0,
    one.code32,
  );
}

/** Instructions that objdump knows and we have no rows for: on a CPU without these extensions they raise #UD. */
const extensions = new RegExp(
  `^(${[
    'femms|pf\\w+|pi2f[dw]|pf2i[dw]|pswapd|pmulhrw|pavgusb', // 3DNow!
    'extrq|insertq|movnts[sd]', // SSE4a
    'syscall|sysret|rdfsbase|rdgsbase|wrfsbase|wrgsbase|swapgs', // 64-bit mode; AMD has SYSCALL in 32-bit mode too
    'vmrun|vmmcall|vmload|vmsave|stgi|clgi|skinit|invlpga|vmgexit', // SVM
    'xstore-rng|xcrypt-\\w+|montmul|xsha\\d+|ccs_\\w+', // VIA PadLock
    'bnd\\w+', // MPX, where the manual does not make it a NOP
    'incsspd|rdsspd|rstorssp|saveprevssp|wru?ssd|(set|clr)ssbsy', // CET shadow stacks
    '(aes(enc|dec)(wide)?(128|256)kl)|encodekey\\d+|loadiwkey', // Key Locker
    'aadd|aand|aor|axor', // RAO-INT
    'encl[suv]|pconfig|tdcall|sea\\w+|wrmsrns|rdmsrlist|wrmsrlist', // SGX, TDX and their like
    'movdiri|movdir64b|enqcmds?|ptwrite|serialize|tpause|umwait|umonitor|clzero|monitorx?|mwaitx|mcommit|rdpru',
    'invlpgb|tlbsync|psmash|pvalidate|rmpadjust|rmpupdate|x(su|re)sldtrk|hreset|prefetchit[01]|rdpkru|wrpkru',
    'xbegin|xabort|xend|xtest', // TSX
  ].join('|')})$`,
);

const rules: Record<string, Rule> = {
  extension: {
    reason: 'objdump knows extensions that have no rows',
    applies: (_, theirs, ours) => ours === undefined && extensions.test(theirs.mnemonic),
  },
  vex: {
    reason: 'VEX, EVEX and XOP beyond BMI have no rows; LOCK, 66, F2 and F3 in front of VEX are undefined',
    applies: ({ bytes }, _, ours) => {
      const at = prefixCount(bytes);
      return ours === undefined && [0xc4, 0xc5, 0x62, 0x8f].includes(bytes[at]!);
    },
  },
  lock: {
    reason: 'objdump does not check LOCK; the length must agree all the same',
    applies: (one, theirs, ours) => ours === undefined && theirs.lock && one.ours.length === one.theirs.length,
  },
  np: {
    reason: 'objdump ignores 66, F2 and F3 in front of opcodes that the manual marks NP or NFx',
    applies: (one, _, ours) => {
      const plain = without(one, [0x66, 0xf0, 0xf2, 0xf3]);
      return ours === undefined && !('fault' in plain) && /^N(P|Fx) /.test(plain.row.opcode);
    },
  },
  nonRegisters: {
    reason:
      'moves of CR1, CR5 to CR7, CR8 up (LOCK on AMD), test registers, CS (as destination) and segments 6 and 7 are undefined',
    applies: ({ bytes }, theirs, ours) =>
      ours === undefined &&
      theirs.mnemonic === 'mov' &&
      (theirs.operands.some((operand) => /^(cr[1567]|cr8|cr9|cr1\d|tr\d|\?|\(bad\))$/.test(operand)) ||
        (bytes[prefixCount(bytes)] === 0x8e && theirs.operands[0] === 'cs')),
  },
  frstpm: {
    reason: 'FRSTPM existed on the 80287XL only',
    applies: (_, theirs, ours) => ours === undefined && theirs.mnemonic === 'frstpm',
  },
  fwait: {
    reason: 'objdump joins FWAIT with the x87 instruction behind it',
    applies: ({ bytes, theirs: { length } }) => {
      const end = prefixCount(bytes) + 1;
      return bytes[end - 1] === 0x9b && length > end;
    },
  },
  carryless: {
    reason: 'objdump takes bits 0 and 1 of the immediate of PCLMULQDQ for what bits 0 and 4 are',
    applies: (_, { mnemonic }, ours) => ours?.mnemonic === 'PCLMULQDQ' && mnemonic === 'pclmulqdq',
  },
  bad: {
    reason:
      'objdump has no SALC, no x87 aliases, no fences but with rm 0, no MPX NOPs with BND4 or 16-bit addresses, no ' +
      'PREFETCHW with a register (a NOP on Intel), no BSF, BSR and WBINVD with ignored prefixes; real CPUs do',
    applies: ({ theirs: { text } }, _, ours) =>
      ours !== undefined &&
      text.includes('(bad)') &&
      /^(D6|D[9CDEF] [CD][08]\+i|NP 0F AE \/[67] r|0F 0D r|0F 1[AB]|0F B[CD]|0F 09)$/.test(ours.row.opcode),
  },
  nop: {
    reason: 'hint NOPs are NOPs here, whatever extension gives them a name; 66 90 is a NOP',
    applies: ({ theirs: { length } }, theirs, ours) =>
      ours?.row.mnemonic === 'NOP' &&
      ours.length === length &&
      /^(bnd\w+|prefetch\w*|cldemote|rdsspd|xchg|nop)$/.test(theirs.mnemonic),
  },
  notrack: {
    reason: 'objdump shows 3E as NOTRACK and then forgets an SS override behind it',
    applies: ({ theirs: { text } }, theirs, ours) =>
      ours !== undefined && text.includes('notrack ') && theirs.operands[0]?.includes('[') === true,
  },
  mmxRegister: {
    reason: 'objdump names XMM registers as operands of MOVDQ2Q and MOVQ2DQ when 66 precedes F2 or F3',
    applies: (_, { mnemonic }, ours) => ours?.mnemonic.toLowerCase() === mnemonic && /^mov(dq2q|q2dq)$/.test(mnemonic),
  },
};

/** One case for each rule that a small random sample may miss. */
const witnesses: readonly Uint8Array[] = [
  [0x9b, 0xd8, 0x00], // fwait
  [0x66, 0x0f, 0x3a, 0x44, 0xc1, 0x02], // carryless
  [0x66, 0xf3, 0x0f, 0xd6, 0xc1], // mmxRegister
  [0xdb, 0xe5], // frstpm
  [0x3e, 0x36, 0xff, 0x10], // notrack
].map((bytes) => Uint8Array.from(bytes));

/** What is wrong with a case, or undefined. */
function disagreement({ theirs, ours, code32 }: Case, their: PlainText): string | undefined {
  const bad = theirs.text.includes('(bad)');
  if ('fault' in ours) return bad ? undefined : `undefined here (${ours.fault}), known to objdump`;
  if (bad) return 'known here, bad for objdump';
  if (ours.length !== theirs.length) return `length ${ours.length}, objdump ${theirs.length}`;
  const our = fromOurs(printInstruction(ours));
  if (our.mnemonic !== their.mnemonic) return 'mnemonic';
  if (our.lock !== their.lock) return 'LOCK';
  // objdump shows every repeat prefix, in front of opcodes that have one as their own too.
  const consumed = /^F[23] /.test(ours.row.opcode);
  if (our.rep.some((name) => !their.rep.includes(name))) return 'repeat prefix';
  if (our.rep.length === 0 && their.rep.length > 0 && !consumed) return 'repeat prefix';
  // The implied DS:EDI of MASKMOVQ is not shown by objdump.
  const operands = our.operands.filter((_, index) => !ours.row.operands[index]!.startsWith('BD'));
  if (operands.length !== their.operands.length) return 'number of operands';
  for (const [index, operand] of operands.entries()) {
    if (!sameOperand(operand, their.operands[index]!, ours, index, code32)) return `operand ${index + 1}`;
  }
  return undefined;
}

function sameOperand(our: string, their: string, insn: Instruction, index: number, code32: boolean): boolean {
  const operand = insn.operands[index]!;
  if (operand.kind === 'relative') {
    // objdump does not cut the targets of short jumps to 16 bits, and its addresses in 16-bit code go beyond them.
    const mask = code32 && insn.operandSize === 32 ? -1 : 0xffff;
    return ((Number(our) ^ Number(their)) & mask) === 0;
  }
  if (operand.kind === 'memory') {
    // The width is compared where both show one: objdump has none for moffs, we have none for INVLPG.
    const bare = (text: string): string => text.replace(/^\w+ /, '');
    return our === their || (bare(our) === bare(their) && (our.startsWith('[') || their.startsWith('[')));
  }
  // 16-bit sources that objdump shows as 32-bit registers.
  if (insn.row.operands[index] === 'Ew' && operand.kind === 'register') return our === their || `e${our}` === their;
  return our === their;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

describe('objdump', () => {
  const used = new Map<string, number>();
  beforeAll(() => {
    expect(objdumpVersion(), 'objdump of GNU binutils is needed').toBeDefined();
  });

  test.each([true, false])(
    'agrees on length and text of random sequences (32-bit code: %s)',
    (code32) => {
      const next = randomWords(seed + Number(code32));
      const sequences = [...witnesses, ...Array.from({ length: sampleSize }, () => randomSequence(next))];
      const failures: string[] = [];
      let texts = 0;
      for (const [index, theirs] of disassemble(sequences, code32).entries()) {
        const bytes = new Uint8Array(STRIDE).fill(0x90);
        bytes.set(sequences[index]!);
        const ours = decodeCase(bytes, theirs.address, code32);
        const one: Case = { bytes, code32, theirs, ours };
        const their = fromObjdump(theirs.text);
        const problem = disagreement(one, their);
        const insn = 'fault' in ours ? undefined : ours;
        if (problem === undefined) {
          if (insn !== undefined) texts++;
          continue;
        }
        const rule = Object.entries(rules).find(([, { applies }]) => applies(one, their, insn));
        if (rule !== undefined) {
          used.set(rule[0], (used.get(rule[0]) ?? 0) + 1);
          continue;
        }
        const text = insn === undefined ? (ours as DecodeFault).fault : printInstruction(insn);
        failures.push(`${hex(bytes.subarray(0, 16))}: ${problem}: ${text} | ${theirs.length} ${theirs.text}`);
      }
      expect(failures).toEqual([]);
      // Most of the sample is agreement on an instruction, not on its absence and not an exception.
      expect(texts).toBeGreaterThan(sampleSize * 0.6);
    },
    600_000,
  );

  test('needs each rule of exception', () => {
    expect(Object.keys(rules).filter((name) => !used.has(name))).toEqual([]);
  });
});
