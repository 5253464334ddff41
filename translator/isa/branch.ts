/**
 * Near control flow: rows and lifts of Jcc, JMP, CALL, RET, LOOP and JCXZ.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. With operand size 16 the target is cut to 16 bits. LOOP and JCXZ
 * count in CX or ECX by the address size.
 */
import { Ev, Iw, Jb, Jz } from './operands.ts';
import { ENDS, type Row, row } from './row.ts';

/** Near control flow. */
// biome-ignore format: opcode table
export const branch: readonly Row[] = [
  row('70',    'JO',         [Jb], undefined, ENDS),
  row('71',    'JNO',        [Jb], undefined, ENDS),
  row('72',    'JB',         [Jb], undefined, ENDS),
  row('73',    'JAE',        [Jb], undefined, ENDS),
  row('74',    'JE',         [Jb], undefined, ENDS),
  row('75',    'JNE',        [Jb], undefined, ENDS),
  row('76',    'JBE',        [Jb], undefined, ENDS),
  row('77',    'JA',         [Jb], undefined, ENDS),
  row('78',    'JS',         [Jb], undefined, ENDS),
  row('79',    'JNS',        [Jb], undefined, ENDS),
  row('7A',    'JP',         [Jb], undefined, ENDS),
  row('7B',    'JNP',        [Jb], undefined, ENDS),
  row('7C',    'JL',         [Jb], undefined, ENDS),
  row('7D',    'JGE',        [Jb], undefined, ENDS),
  row('7E',    'JLE',        [Jb], undefined, ENDS),
  row('7F',    'JG',         [Jb], undefined, ENDS),
  row('0F 80', 'JO',         [Jz], undefined, ENDS),
  row('0F 81', 'JNO',        [Jz], undefined, ENDS),
  row('0F 82', 'JB',         [Jz], undefined, ENDS),
  row('0F 83', 'JAE',        [Jz], undefined, ENDS),
  row('0F 84', 'JE',         [Jz], undefined, ENDS),
  row('0F 85', 'JNE',        [Jz], undefined, ENDS),
  row('0F 86', 'JBE',        [Jz], undefined, ENDS),
  row('0F 87', 'JA',         [Jz], undefined, ENDS),
  row('0F 88', 'JS',         [Jz], undefined, ENDS),
  row('0F 89', 'JNS',        [Jz], undefined, ENDS),
  row('0F 8A', 'JP',         [Jz], undefined, ENDS),
  row('0F 8B', 'JNP',        [Jz], undefined, ENDS),
  row('0F 8C', 'JL',         [Jz], undefined, ENDS),
  row('0F 8D', 'JGE',        [Jz], undefined, ENDS),
  row('0F 8E', 'JLE',        [Jz], undefined, ENDS),
  row('0F 8F', 'JG',         [Jz], undefined, ENDS),
  row('E0',    'LOOPNE',     [Jb], undefined, ENDS),
  row('E1',    'LOOPE',      [Jb], undefined, ENDS),
  row('E2',    'LOOP',       [Jb], undefined, ENDS),
  row('E3',    'JCXZ:JECXZ', [Jb], undefined, ENDS),
  row('E8',    'CALL',       [Jz], undefined, ENDS),
  row('FF /2', 'CALL',       [Ev], undefined, ENDS),
  row('E9',    'JMP',        [Jz], undefined, ENDS),
  row('EB',    'JMP',        [Jb], undefined, ENDS),
  row('FF /4', 'JMP',        [Ev], undefined, ENDS),
  row('C2',    'RET',        [Iw], undefined, ENDS),
  row('C3',    'RET',        [],   undefined, ENDS),
];
