/**
 * Cryptography on XMM registers: rows and lifts of AES-NI, PCLMULQDQ, SHA and GFNI.
 *
 * Source: SDM vol. 2D tables.
 */
import { Ib, Vdq, Wdq, XMM0 } from './operands.ts';
import { type Row, row } from './row.ts';

/** AES, carry-less multiplication, SHA and Galois fields. */
// biome-ignore format: opcode table
export const sseCrypto: readonly Row[] = [
  row('66 0F 38 DB', 'AESIMC',           [Vdq, Wdq],       undefined),
  row('66 0F 38 DC', 'AESENC',           [Vdq, Wdq],       undefined),
  row('66 0F 38 DD', 'AESENCLAST',       [Vdq, Wdq],       undefined),
  row('66 0F 38 DE', 'AESDEC',           [Vdq, Wdq],       undefined),
  row('66 0F 38 DF', 'AESDECLAST',       [Vdq, Wdq],       undefined),
  row('66 0F 3A DF', 'AESKEYGENASSIST',  [Vdq, Wdq, Ib],   undefined),
  row('66 0F 3A 44', 'PCLMULQDQ',        [Vdq, Wdq, Ib],   undefined),
  row('NP 0F 38 C8', 'SHA1NEXTE',        [Vdq, Wdq],       undefined),
  row('NP 0F 38 C9', 'SHA1MSG1',         [Vdq, Wdq],       undefined),
  row('NP 0F 38 CA', 'SHA1MSG2',         [Vdq, Wdq],       undefined),
  row('NP 0F 38 CB', 'SHA256RNDS2',      [Vdq, Wdq, XMM0], undefined),
  row('NP 0F 38 CC', 'SHA256MSG1',       [Vdq, Wdq],       undefined),
  row('NP 0F 38 CD', 'SHA256MSG2',       [Vdq, Wdq],       undefined),
  row('NP 0F 3A CC', 'SHA1RNDS4',        [Vdq, Wdq, Ib],   undefined),
  row('66 0F 38 CF', 'GF2P8MULB',        [Vdq, Wdq],       undefined),
  row('66 0F 3A CE', 'GF2P8AFFINEQB',    [Vdq, Wdq, Ib],   undefined),
  row('66 0F 3A CF', 'GF2P8AFFINEINVQB', [Vdq, Wdq, Ib],   undefined),
];
