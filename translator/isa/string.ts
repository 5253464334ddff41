/**
 * String instructions: rows and lifts of MOVS, CMPS, STOS, LODS and SCAS with every REP form. INS and OUTS stand in
 * port.ts.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic and REP. Operands are given as the memory they touch: the source in
 * DS or the overriding segment, the destination always in ES.
 */
import { AL, eAX, Xb, Xv, Yb, Yv } from './operands.ts';
import { REP, type Row, row } from './row.ts';

/** String instructions. */
// biome-ignore format: opcode table
export const string: readonly Row[] = [
  row('A4', 'MOVSB',       [Yb, Xb],  undefined, REP),
  row('A5', 'MOVSW/MOVSD', [Yv, Xv],  undefined, REP),
  row('A6', 'CMPSB',       [Xb, Yb],  undefined, REP),
  row('A7', 'CMPSW/CMPSD', [Xv, Yv],  undefined, REP),
  row('AA', 'STOSB',       [Yb, AL],  undefined, REP),
  row('AB', 'STOSW/STOSD', [Yv, eAX], undefined, REP),
  row('AC', 'LODSB',       [AL, Xb],  undefined, REP),
  row('AD', 'LODSW/LODSD', [eAX, Xv], undefined, REP),
  row('AE', 'SCASB',       [AL, Yb],  undefined, REP),
  row('AF', 'SCASW/SCASD', [eAX, Yv], undefined, REP),
];
