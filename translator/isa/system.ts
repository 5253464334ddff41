/**
 * The processor itself: rows and lifts of control and debug registers, descriptor table registers, model-specific
 * registers, HLT, CPUID, RDTSC, cache and TLB control, MONITOR, XCR0. All end in the VMM.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 3A chapter 2. MOV of CR0..CR4 and DR0..DR7 ignores ModRM.mod.
 */
import { Cd, Dd, Ew, Gy, M, Mdq, Ms, Rd, RvMw, Td } from './operands.ts';
import { ENDS, type Row, row, SENSITIVE } from './row.ts';

/** Control of the processor and queries about it. */
// biome-ignore format: opcode table
export const system: readonly Row[] = [
  row('0F 20',       'MOV',      [Td, Cd],  undefined, SENSITIVE),
  row('0F 21',       'MOV',      [Td, Dd],  undefined, SENSITIVE),
  row('0F 22',       'MOV',      [Cd, Td],  undefined, SENSITIVE),
  row('0F 23',       'MOV',      [Dd, Td],  undefined, SENSITIVE),
  row('0F 01 /0',    'SGDT',     [Ms],      undefined, SENSITIVE),
  row('0F 01 /1',    'SIDT',     [Ms],      undefined, SENSITIVE),
  row('0F 01 /2',    'LGDT',     [Ms],      undefined, SENSITIVE),
  row('0F 01 /3',    'LIDT',     [Ms],      undefined, SENSITIVE),
  row('0F 01 /4',    'SMSW',     [RvMw],    undefined, SENSITIVE),
  row('0F 01 /6',    'LMSW',     [Ew],      undefined, SENSITIVE),
  row('0F 01 /7',    'INVLPG',   [M],       undefined, SENSITIVE),
  row('66 0F 38 82', 'INVPCID',  [Gy, Mdq], undefined, SENSITIVE),
  row('0F 06',       'CLTS',     [],        undefined, SENSITIVE),
  row('0F 08',       'INVD',     [],        undefined, SENSITIVE),
  row('0F 09',       'WBINVD',   [],        undefined, SENSITIVE),
  row('F3 0F 09',    'WBNOINVD', [],        undefined, SENSITIVE),
  row('F4',          'HLT',      [],        undefined, SENSITIVE),
  row('0F 30',       'WRMSR',    [],        undefined, SENSITIVE),
  row('0F 31',       'RDTSC',    [],        undefined, SENSITIVE),
  row('0F 32',       'RDMSR',    [],        undefined, SENSITIVE),
  row('0F 33',       'RDPMC',    [],        undefined, SENSITIVE),
  row('0F 01 F9',    'RDTSCP',   [],        undefined, SENSITIVE),
  row('0F A2',       'CPUID',    [],        undefined, SENSITIVE),
  row('F3 0F C7 /7', 'RDPID',    [Rd],      undefined, SENSITIVE),
  row('0F 01 C8',    'MONITOR',  [],        undefined, SENSITIVE),
  row('0F 01 C9',    'MWAIT',    [],        undefined, SENSITIVE),
  row('NP 0F 01 CA', 'CLAC',     [],        undefined, SENSITIVE),
  row('NP 0F 01 CB', 'STAC',     [],        undefined, SENSITIVE),
  row('NP 0F 01 D0', 'XGETBV',   [],        undefined, SENSITIVE),
  row('NP 0F 01 D1', 'XSETBV',   [],        undefined, SENSITIVE),
  row('NP 0F 37',    'GETSEC',   [],        undefined, SENSITIVE),
  row('0F AA',       'RSM',      [],        undefined, SENSITIVE | ENDS),
];
