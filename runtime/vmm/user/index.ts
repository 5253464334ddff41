/**
 * The VMM of a process: what sensitive instructions do at CPL 3 with IOPL 0 under a protected-mode kernel that is not
 * itself emulated. What a kernel would be asked for stops the processor, what is privileged raises #GP.
 */
import type { VmmCallName } from '../../abi/calls.ts';
import { Vector } from '../../abi/vector.ts';
import type { VmmCall, VmmPart, VmmTable } from '../table.ts';
import type { UserVmmContext } from './context.ts';
import { farCalls } from './far.ts';
import { flagCalls } from './flags.ts';
import { interruptCalls } from './interrupt.ts';
import { queryCalls } from './query.ts';
import { segmentCalls } from './segment.ts';

export type { UserVmmContext } from './context.ts';

/** Make the table of VMM calls of one process environment. */
export function createUserVmm(context: UserVmmContext): VmmTable {
  return {
    ...interruptCalls(context),
    ...flagCalls(context),
    ...segmentCalls(context),
    ...farCalls(context),
    ...queryCalls(context),
    ...refusals(context),
  };
}

/** Calls that raise #GP(0) at CPL 3 with IOPL 0, whatever their operands. */
const privileged = [
  'halt',
  'clearInterruptFlag',
  'setInterruptFlag',
  'pushFlags',
  'portIn',
  'portOut',
  'stringIn',
  'stringOut',
  'readControl',
  'writeControl',
  'readDebug',
  'writeDebug',
  'clearTaskSwitched',
  'loadMachineStatus',
  'loadGdt',
  'loadIdt',
  'loadLdt',
  'loadTask',
  'invalidatePage',
  'invalidateCaches',
  'readMsr',
  'writeMsr',
  'readPmc',
  'sysenter',
  'sysexit',
] as const satisfies readonly VmmCallName[];

/** Calls that raise #UD: instructions that this processor has not, or not at this privilege. */
const missing = ['monitor', 'undefined'] as const satisfies readonly VmmCallName[];

type Refused = (typeof privileged)[number] | (typeof missing)[number];

function refusals({ fault }: UserVmmContext): VmmPart<Refused> {
  const protect: VmmCall = () => fault.raise(Vector.GP);
  const unknown: VmmCall = () => fault.raise(Vector.UD);
  const entries = [
    ...privileged.map((name): [Refused, VmmCall] => [name, protect]),
    ...missing.map((name): [Refused, VmmCall] => [name, unknown]),
  ];
  return Object.fromEntries(entries) as VmmPart<Refused>;
}
