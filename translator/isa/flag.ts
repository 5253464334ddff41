/**
 * Flags as such: rows and lifts of CLC, STC, CMC, CLD, STD, CLI, STI, LAHF, SAHF, SALC, PUSHF and POPF.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. CLI, STI and POPF depend on CPL and IOPL and end in the VMM, as does
 * PUSHF in virtual-8086 mode. SALC (D6) is undocumented: AL := CF ? FF : 0.
 */
import { NOT64, type Row, row, SENSITIVE } from './row.ts';

/** Single flags, LAHF, SAHF, PUSHF and POPF. */
// biome-ignore format: opcode table
export const flag: readonly Row[] = [
  row('F5', 'CMC',          [], undefined),
  row('F8', 'CLC',          [], undefined),
  row('F9', 'STC',          [], undefined),
  row('FC', 'CLD',          [], undefined),
  row('FD', 'STD',          [], undefined),
  row('FA', 'CLI',          [], undefined, SENSITIVE),
  row('FB', 'STI',          [], undefined, SENSITIVE),
  row('9E', 'SAHF',         [], undefined),
  row('9F', 'LAHF',         [], undefined),
  row('D6', 'SALC',         [], undefined, NOT64),
  row('9C', 'PUSHF/PUSHFD', [], undefined),
  row('9D', 'POPF/POPFD',   [], undefined, SENSITIVE),
];
