// Forms of shifts and rotates with every class of count: immediate, CL and 1, from 0 to 255, below, at and above the
// operand size and the masks 31, 17 and 9.
import type { CaseBuilder } from '../builder.ts';
import { type FormSpec, type ModrmSpec, modrmForms, SIZES, type Undefined } from '../form.ts';
import { FLAG, STATUS_FLAGS } from '../memory-map.ts';

const family = 'shift';

/** Every count from 0 to 40 once, then the edges of the byte and random ones. */
function chooseCount(c: CaseBuilder): void {
  const n = c.index % 60;
  c.count =
    n <= 40 ? n : c.pick([63, 64, 127, 128, 129, 255, c.random.below(256), c.random.below(256), c.random.below(32)]);
}

function chooseCl(c: CaseBuilder): void {
  chooseCount(c);
  c.pin(1, (c.regs[1]! & ~0xff) | c.count);
}

/** SDM vol. 2B "RCL/RCR/ROL/ROR": OF is undefined for counts other than 1; a masked count of 0 changes nothing. */
const rotateRule: Undefined = (c) => {
  const count = c.count & 31;
  if (count > 1) c.undefinedFlags |= FLAG.OF;
};

/** SDM vol. 2B "SAL/SAR/SHL/SHR": AF always, OF for counts other than 1, CF of SHL and SHR from the operand size on. */
function shiftRule(size: number, arithmeticRight: boolean): Undefined {
  return (c) => {
    const count = c.count & 31;
    if (count === 0) return;
    c.undefinedFlags |= FLAG.AF;
    if (count !== 1) c.undefinedFlags |= FLAG.OF;
    if (count >= size && !arithmeticRight) c.undefinedFlags |= FLAG.CF;
  };
}

function group(mnemonic: string, digit: number): FormSpec[] {
  const rule = (size: number): Undefined => (digit < 4 ? rotateRule : shiftRule(size, digit === 7));
  const common = { family, mnemonic, access: 'rw' } as const;
  const immediate = (c: CaseBuilder): number[] => [c.count];
  const widths = (opcodes: readonly [string, string], operand: string, more: Partial<ModrmSpec>): FormSpec[] =>
    [8, ...SIZES].flatMap((size) =>
      modrmForms({
        ...common,
        operands: `${size === 8 ? 'Eb' : 'Ev'},${operand}`,
        opcode: `${opcodes[size === 8 ? 0 : 1]} /${digit}`,
        size,
        undefined: rule(size),
        ...more,
      }),
    );
  return [
    widths(['C0', 'C1'], 'Ib', { setup: chooseCount, immediate, cases: 120 }),
    widths(['D0', 'D1'], '1', {}),
    widths(['D2', 'D3'], 'CL', { setup: chooseCl, cases: 120 }),
  ].flat();
}

/** SDM vol. 2B "SHLD", "SHRD": with a count above the operand size everything is undefined. */
function doubleRule(size: number): Undefined {
  return (c) => {
    const count = c.count & 31;
    if (count === 0) return;
    c.undefinedFlags |= FLAG.AF;
    if (count !== 1) c.undefinedFlags |= FLAG.OF;
    if (count <= size) return;
    c.undefinedFlags |= STATUS_FLAGS;
    c.undefinedRegs[c.rm]! |= size === 16 ? 0xffff : -1;
  };
}

function double(mnemonic: string, opcodes: readonly [string, string]): FormSpec[] {
  return SIZES.flatMap((size) => {
    const common = { family, mnemonic, size, access: 'rw', undefined: doubleRule(size), cases: 120 } as const;
    // An undefined result in memory could not be masked, so memory forms of 16 bits count to 16 at most.
    const limited = (c: CaseBuilder): void => {
      chooseCount(c);
      if (size === 16 && (c.count & 31) > 16) c.count = (c.count & 0xe0) | (c.count & 15);
    };
    const cl = (choose: (c: CaseBuilder) => void) => (c: CaseBuilder) => {
      choose(c);
      c.pin(1, (c.regs[1]! & ~0xff) | c.count);
    };
    const byImmediate = (only: 'reg' | 'mem', setup: (c: CaseBuilder) => void): FormSpec[] =>
      modrmForms({
        ...common,
        operands: 'Ev,Gv,Ib',
        opcode: opcodes[0],
        only,
        setup,
        immediate: (c) => [c.count],
      });
    const byCl = (only: 'reg' | 'mem', setup: (c: CaseBuilder) => void): FormSpec[] =>
      modrmForms({ ...common, operands: 'Ev,Gv,CL', opcode: opcodes[1], only, setup: cl(setup) });
    return [
      byImmediate('reg', chooseCount),
      byImmediate('mem', limited),
      byCl('reg', chooseCount),
      byCl('mem', limited),
    ];
  }).flat();
}

/** ROL ROR RCL RCR SHL SHR SAR (and SHL's alias /6), SHLD, SHRD. */
export function shiftForms(): FormSpec[] {
  return [
    ['ROL', 'ROR', 'RCL', 'RCR', 'SHL', 'SHR', 'SHL', 'SAR'].flatMap(group),
    double('SHLD', ['0F A4', '0F A5']),
    double('SHRD', ['0F AC', '0F AD']),
  ].flat();
}
