// Every sensitive row ends its block in a VMM call with as many arguments as abi/calls.ts says, in 16- and 32-bit code
// and at both privileges; where privilege is checked before operands are read, CPL 3 gives the exception itself.
import { expect, test } from 'vitest';
import { vmmCalls } from '../../../runtime/abi/calls.ts';
import { MODE_CODE32, MODE_FLAT_USER32, MODE_PROTECTED, MODE_USER } from '../../../runtime/abi/mode.ts';
import { createDecoder } from '../../../translator/decode/index.ts';
import { IrBuilder } from '../../../translator/ir/builder.ts';
import { rows } from '../../../translator/isa/index.ts';
import { type Row, SENSITIVE } from '../../../translator/isa/row.ts';

const decoder = createDecoder(rows);
const sensitive = rows.filter((row) => row.attributes & SENSITIVE && row.lift !== undefined);

/** Encodings that may be the row's: its opcode bytes with a ModRM byte for a register and for memory. */
function encodings({ opcode }: Row): Uint8Array[] {
  const parts = opcode.split(' ').filter((part) => part !== 'NP' && part !== 'NFx');
  const bytes = parts.filter((part) => /^[0-9A-F]{2}$/.test(part)).map((part) => Number.parseInt(part, 16));
  const digit = parts.find((part) => part.startsWith('/'));
  const reg = digit === undefined ? 3 : Number(digit[1]);
  // [EBX], or [BP+DI] in 16-bit code; then ECX.
  return [(reg << 3) | 3, 0xc1 | (reg << 3)].map((modrm) =>
    Uint8Array.from([...bytes, modrm, ...Array<number>(14).fill(0)]),
  );
}

test('there are sensitive rows', () => {
  expect(sensitive.length).toBeGreaterThan(75);
});

test.each(sensitive.map((row): [string, Row] => [`${row.mnemonic} ${row.opcode}`, row]))('%s', (_name, row) => {
  for (const mode of [MODE_FLAT_USER32, MODE_FLAT_USER32 & ~MODE_USER, MODE_PROTECTED]) {
    const decoded = encodings(row)
      .map((bytes) => decoder.decode(bytes, 0, 0x1000, (mode & MODE_CODE32) !== 0))
      .filter((insn) => !('fault' in insn) && insn.row === row);
    expect(decoded.length).toBeGreaterThan(0);
    for (const insn of decoded) {
      if ('fault' in insn) continue;
      const ir = new IrBuilder(mode);
      ir.begin(insn);
      row.lift?.(ir, insn);
      expect(ir.terminator?.kind).toBe('vmm');
      if (ir.terminator?.kind !== 'vmm') continue;
      const { call, args, at, next } = ir.terminator;
      expect(args.length).toBe(vmmCalls[call]);
      expect([at, next]).toEqual([0x1000, 0x1000 + insn.length]);
      if (call === 'raise') expect(mode & MODE_USER).not.toBe(0);
    }
  }
});
