/**
 * The VMM of a whole PC: what sensitive instructions do in real-address, protected and virtual-8086 mode at every
 * privilege level, and the delivery of exceptions and interrupts.
 */
import {
  APIC_BASE,
  BUDGET,
  CPL,
  CR0,
  CS,
  DF,
  DR6,
  DR7,
  EAX,
  EDX,
  EIP,
  ES,
  FLAG_RES,
  GDTR_LIMIT,
  GS,
  IDTR_LIMIT,
  LDTR,
  MODE,
  SEGMENT_ACCESS,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SELECTOR,
  SYSTEM_ACCESS,
  SYSTEM_LIMIT,
  TR,
} from '../../abi/state.ts';
import { loadLegacySegment } from '../../cpu/segment.ts';
import type { VmmTable } from '../table.ts';
import type { Processor, SystemVmmContext } from './context.ts';
import { CR0_CD, CR0_ET, CR0_NW, controlCalls, refreshVectorMode } from './control.ts';
import { DR6_FIXED, DR7_FIXED, debugCalls } from './debug.ts';
import { DescriptorTables, SystemType } from './descriptor.ts';
import { createEscalation, type DeliverEvent } from './escalation.ts';
import { farCalls } from './far.ts';
import { fastCalls } from './fast-call.ts';
import { flagCalls } from './flags.ts';
import { createDelivery } from './interrupt.ts';
import { createMsrs } from './msr.ts';
import { portCalls } from './port.ts';
import { queryCalls } from './query.ts';
import { returnCalls } from './return.ts';
import { segmentCalls } from './segment.ts';
import { softwareCalls } from './software.ts';
import { Stack } from './stack.ts';
import { tableCalls } from './tables.ts';
import { createTaskSwitch } from './task.ts';

export type { SystemVmmContext } from './context.ts';

export interface SystemVmm {
  readonly calls: VmmTable;
  /** Deliver an exception or interrupt at the current EIP. */
  readonly deliver: DeliverEvent;
  /** Put the processor into the state after power-up: real-address mode at F000:FFF0, base FFFF0000. */
  reset(): void;
}

/** Make the VMM of one processor and reset that. */
export function createSystemVmm(context: SystemVmmContext): SystemVmm {
  const { state: S, memory, fault } = context;
  const processor: Processor = {
    ...context,
    descriptors: new DescriptorTables(S, memory),
    stack: new Stack(S, memory, fault),
  };
  const switchTask = createTaskSwitch(processor);
  const deliver = createDelivery(processor, switchTask);
  const msrs = createMsrs(processor);
  const reset = (): void => {
    resetState(S, (context.model.family << 8) | ((context.model.model & 15) << 4) | context.model.stepping);
    msrs.reset();
    memory.flush(false);
    context.paging.forget();
  };
  reset();
  return {
    calls: {
      ...segmentCalls(processor),
      ...flagCalls(processor),
      ...softwareCalls(processor, deliver),
      ...farCalls(processor, switchTask),
      ...returnCalls(processor, switchTask),
      ...fastCalls(processor),
      ...controlCalls(processor),
      ...debugCalls(processor),
      ...tableCalls(processor),
      ...msrs.calls,
      ...portCalls(processor),
      ...queryCalls(processor),
    },
    deliver: createEscalation(processor, deliver),
    reset,
  };
}

/** The local APIC at FEE00000, enabled, of the bootstrap processor. */
const APIC_RESET = 0xfee00900 | 0;

/** Source: SDM vol. 3A §10.1.1, table 10-1. @param signature what EDX shows. */
function resetState(S: Int32Array, signature: number): void {
  S.fill(0, EAX, BUDGET);
  S.fill(0, SELECTOR, MODE + 1);
  S.fill(0, CR0, DR7 + 1);
  S.fill(0, CPL, APIC_BASE + 1);
  S[EDX] = signature;
  S[EIP] = 0xfff0;
  // ZF is clear, which a result other than 0 says.
  S[FLAG_RES] = 1;
  S[DF] = 1;
  S[CR0] = CR0_CD | CR0_NW | CR0_ET;
  S[DR6] = DR6_FIXED;
  S[DR7] = DR7_FIXED;
  S[GDTR_LIMIT] = 0xffff;
  S[IDTR_LIMIT] = 0xffff;
  S[LDTR + SYSTEM_LIMIT] = 0xffff;
  S[LDTR + SYSTEM_ACCESS] = 0x80 | SystemType.Ldt;
  S[TR + SYSTEM_LIMIT] = 0xffff;
  S[TR + SYSTEM_ACCESS] = 0x80 | SystemType.BusyTask32;
  S[APIC_BASE] = APIC_RESET;
  for (let segment = ES; segment <= GS; segment++) {
    S[SEGMENT_LIMIT + segment] = 0xffff;
    loadLegacySegment(S, segment, 0, false);
  }
  S[SELECTOR + CS] = 0xf000;
  S[SEGMENT_BASE + CS] = 0xffff0000 | 0;
  S[SEGMENT_ACCESS + CS] = 0x9b;
  refreshVectorMode(S);
}
