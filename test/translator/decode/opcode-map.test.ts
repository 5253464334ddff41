/**
 * The opcode map refuses tables that contradict themselves.
 */
import { describe, expect, test } from 'vitest';
import { checkOpcodes } from '../../../translator/decode/index.ts';
import { rows } from '../../../translator/isa/index.ts';
import { Eb, Ev, Gb, Gv, Ib, M, Mq, STi, Uq, Vq, Wps, Zv } from '../../../translator/isa/operands.ts';
import { type Row, row } from '../../../translator/isa/row.ts';

const build = (...table: Row[]): void => checkOpcodes(table);

describe('building the opcode map', () => {
  test('accepts all rows', () => {
    expect(rows.length).toBeGreaterThan(900);
    expect(() => checkOpcodes(rows)).not.toThrow();
  });

  test.each<[string, Row, Row]>([
    ['the same opcode', row('03', 'ADD', [Gv, Ev], undefined), row('03', 'SUB', [Gv, Ev], undefined)],
    ['a group and the whole opcode', row('80 /3', 'SBB', [Eb, Ib], undefined), row('80', 'ADD', [Eb, Gb], undefined)],
    ['an opcode that names a register', row('40+r', 'INC', [Zv], undefined), row('47', 'DEC', [], undefined)],
    ['an exact ModRM byte', row('D9 D8+i', 'FSTP', [STi], undefined), row('D9 DB', 'FNOP', [], undefined)],
    ['the same mandatory prefix', row('NP 0F 10', 'A', [Wps], undefined), row('NFx 0F 10', 'B', [Wps], undefined)],
    ['both forms and the memory form', row('0F 00 /0', 'A', [Ev], undefined), row('0F 00 /0 m', 'B', [M], undefined)],
  ])('refuses %s', (_, one, other) => {
    expect(() => build(one, other)).toThrow(/overlap/);
    expect(() => build(other, one)).toThrow(/overlap/);
    expect(() => build(one)).not.toThrow();
    expect(() => build(other)).not.toThrow();
  });

  test('names both rows', () => {
    const one = row('03', 'ADD', [Gv, Ev], undefined);
    const other = row('03', 'SUB', [Gv, Ev], undefined);
    expect(() => build(one, other)).toThrow("rows '03 ADD Gv, Ev' and '03 SUB Gv, Ev' overlap");
  });

  test('accepts a memory and a register form of one opcode', () => {
    expect(() =>
      build(row('NP 0F 12', 'MOVHLPS', [Vq, Uq], undefined), row('NP 0F 12', 'MOVLPS', [Vq, Mq], undefined)),
    ).not.toThrow();
  });

  test.each<[string, Row[]]>([
    ['a prefix byte', [row('66', 'DATA16', [], undefined)]],
    ['an escape byte', [row('0F 38', 'ESCAPE', [], undefined)]],
    ['a register form of a memory operand', [row('8D r', 'LEA', [Gv, M], undefined)]],
    [
      'a row whose prefixes are all claimed',
      [
        row('0F B8', 'JMPE', [Gv, Ev], undefined),
        row('NFx 0F B8', 'A', [Gv, Ev], undefined),
        row('F3 0F B8', 'POPCNT', [Gv, Ev], undefined),
        row('F2 0F B8', 'B', [Gv, Ev], undefined),
      ],
    ],
  ])('refuses %s', (_, table) => {
    expect(() => build(...table)).toThrow(/is unreachable|notation/);
  });

  test.each(['3', '03 /8', '03 x', '0G', 'VEX.LZ.W0 F2', 'F3', ''])("refuses the notation '%s'", (opcode) => {
    expect(() => build(row(opcode, 'X', [], undefined))).toThrow(/not in the notation/);
  });
});
