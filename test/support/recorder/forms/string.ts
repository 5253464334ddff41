// Forms of string instructions: every operation and width, without prefix, with REP/REPE and REPNE, in both directions,
// with 32- and 16-bit addresses, overlapping, across pages, and stopping at a fault with part of the work done.
import type { CaseBuilder } from '../builder.ts';
import { assemble, type FormSpec } from '../form.ts';
import { STATUS_FLAGS } from '../memory-map.ts';

const family = 'string';

interface StringRow {
  readonly mnemonic: string;
  readonly operands: string;
  readonly opcode: number;
  /** Whether it reads [ESI], reads [EDI], writes [EDI]. */
  readonly uses: { readonly source?: true; readonly compared?: true; readonly written?: true };
}

// biome-ignore format: opcode table
const ROWS: readonly StringRow[] = [
  { mnemonic: 'MOVS', operands: 'Y,X', opcode: 0xa4, uses: { source: true, written: true } },
  { mnemonic: 'CMPS', operands: 'X,Y', opcode: 0xa6, uses: { source: true, compared: true } },
  { mnemonic: 'STOS', operands: 'Y,A', opcode: 0xaa, uses: { written: true } },
  { mnemonic: 'LODS', operands: 'A,X', opcode: 0xac, uses: { source: true } },
  { mnemonic: 'SCAS', operands: 'A,Y', opcode: 0xae, uses: { compared: true } },
];

/** A run of `bytes` bytes to go through; the lowest address of it. `low`: within reach of 16-bit addresses. */
function run(c: CaseBuilder, bytes: number, low: boolean): number {
  if (low) return c.chance(4) ? 0xf800 + c.random.below(0x800 - bytes) : 0x8000 + c.random.below(0x2000 - bytes);
  if (c.chance(6)) return 0x102000 - c.random.below(bytes);
  return 0x101000 + c.random.below(0x2000 - bytes);
}

/** The lowest address of a run that leaves mapped memory after `done` elements when walked in direction `step`. */
function failing(c: CaseBuilder, step: number, done: number, written: boolean): number {
  const width = Math.abs(step);
  // The first address that cannot be accessed, upwards or downwards, and now and then an element that straddles it.
  const straddle = width > 1 && c.chance(6) ? 1 + c.random.below(width - 1) : 0;
  if (step > 0) return (written && c.chance(8) ? 0x105000 : 0x103000) - done * width - straddle;
  return 0x101000 + (done - 1) * width + straddle;
}

/** Fill the registers that address the run; EDI or ESI is the end that the direction flag starts from. */
function walk(c: CaseBuilder, reg: number, lowest: number, count: number, step: number, mask: number): void {
  const start = step > 0 ? lowest : lowest + (count - 1) * -step;
  c.regs[reg] = (c.regs[reg]! & ~mask) | (start & mask);
}

function stringForm(row: StringRow, size: number, prefix: number, address: number): FormSpec {
  const { mnemonic, operands, uses } = row;
  const width = size / 8;
  const suffix = { 8: 'B', 16: 'W', 32: 'D' }[size]!;
  const byte = size === 8 ? row.opcode : row.opcode + 1;
  const name = byte.toString(16).toUpperCase();
  const repeat = prefix === 0 ? '' : prefix === 0xf3 ? 'F3 ' : 'F2 ';
  return {
    form: { family, mnemonic: mnemonic + suffix, operands, opcode: name, size, variant: `${repeat}address ${address}` },
    cases: 100,
    faults: address === 32 ? 20 : 0,
    // A count of zero or a comparison that ends early does not get as far as the missing page.
    mayFault: true,
    undefinedOnFault(c) {
      // AMD leaves the flags of the last comparison, the SDM ("REP") those from before the instruction.
      if (uses.compared && prefix !== 0) c.undefinedFlags |= STATUS_FLAGS;
    },
    build(c) {
      const mask = address === 16 ? 0xffff : -1;
      const count = prefix === 0 ? 1 : c.pick([0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20 + c.random.below(20)]);
      const step = c.eflags & 0x400 ? -width : width;
      if (prefix !== 0) c.regs[1] = (c.regs[1]! & ~mask) | count;
      const bytes = Math.max(1, count) * width;
      const low = address === 16;
      let source = run(c, bytes, low);
      let target = run(c, bytes, low);
      // Distances below the run's length overlap; a byte-wise copy then repeats a pattern.
      if (mnemonic === 'MOVS' && c.chance(5)) target = source + (c.random.below(9) - 4);
      if (low && target + bytes > 0x10000) target = 0x8000;
      if (!c.faulting && target < 0x101000 && !low) target = 0x101000;
      if (!c.faulting && target + bytes > 0x103000) target = 0x103000 - bytes;
      if (c.faulting) {
        const done = c.random.below(Math.max(1, count));
        const failsInSource = uses.source === true && ((uses.compared ?? uses.written) === undefined || c.chance(8));
        if (failsInSource) source = failing(c, step, done, false) - (step > 0 ? 0 : (count - 1) * width);
        else target = failing(c, step, done, uses.written === true) - (step > 0 ? 0 : (count - 1) * width);
      }
      if (uses.source) walk(c, 6, source, count, step, mask);
      if (uses.compared || uses.written) walk(c, 7, target, count, step, mask);
      if (uses.compared) matchElements(c, row, { source, target, count, width, step, stopOn: prefix === 0xf2 });
      const overrides = uses.source && c.chance(2) ? [c.pick([0x26, 0x2e, 0x36, 0x3e])] : [];
      const prefixes = [
        ...(size === 16 ? [0x66] : []),
        ...(low ? [0x67] : []),
        ...(prefix ? [prefix] : []),
        ...overrides,
      ];
      assemble(c, prefixes, [byte]);
    },
  };
}

interface Elements {
  readonly source: number;
  readonly target: number;
  readonly count: number;
  readonly width: number;
  readonly step: number;
  /** True for REPNE, which ends at the first equal pair. */
  readonly stopOn: boolean;
}

/** Lay out elements that keep a compare or scan going for a while: one pair somewhere ends it, or none does. */
function matchElements(c: CaseBuilder, row: StringRow, { source, target, count, width, step, stopOn }: Elements): void {
  const accessible = (la: number): boolean =>
    (la >= 0x8000 && la + width <= 0xa000) ||
    (la >= 0xf000 && la + width <= 0x11000) ||
    (la >= 0x101000 && la + width <= 0x103000);
  const odd = c.random.below(count + 2);
  for (let i = 0; i < count; i++) {
    const offset = (step > 0 ? i : count - 1 - i) * width;
    const value = row.mnemonic === 'SCAS' ? c.regs[0]! : c.value();
    const equal = (i === odd) === stopOn;
    const other = equal ? value : value ^ (1 << c.random.below(width * 8));
    if (row.mnemonic === 'CMPS' && accessible(source + offset)) c.pokeValue(source + offset, value, width * 8);
    if (accessible(target + offset)) c.pokeValue(target + offset, other, width * 8);
  }
}

/** MOVS CMPS STOS LODS SCAS. REPNE with an operation that does not compare is reserved; all CPUs take it for REP. */
export function stringForms(): FormSpec[] {
  return ROWS.flatMap((row) =>
    [8, 16, 32].flatMap((size) =>
      [0, 0xf3, 0xf2].flatMap((prefix) => [32, 16].map((address) => stringForm(row, size, prefix, address))),
    ),
  );
}
