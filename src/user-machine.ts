/** The processor of user mode: CPL 3 under a protected-mode kernel that src/linux stands in for. */
import { MODE_FLAT_USER32 } from '../runtime/abi/mode.ts';
import type { Cpu } from '../runtime/exec/cpu.ts';
import { createUserVmm } from '../runtime/vmm/user/index.ts';
import type { RegionObserver } from '../translator/index.ts';
import type { ProcessorParts } from './linux/processor.ts';
import { createCpu, type Policy } from './machine.ts';

/** Make a processor for a tree of Linux processes. @param observe CpuOptions.observe. */
export function createUserCpu(
  parts: ProcessorParts,
  stopwatch: () => number,
  policy: Partial<Policy> = {},
  observe?: RegionObserver,
): Cpu {
  return createCpu({
    memoryBytes: parts.memoryBytes,
    ownPlaces: true,
    walker: () => parts.walker,
    vmm: (machine) => createUserVmm({ ...machine, descriptors: parts.descriptors, model: parts.model }),
    model: parts.model,
    mode: MODE_FLAT_USER32,
    tier: parts.tier,
    code: parts.code,
    stopwatch,
    userOnly: true,
    policy,
    verify: parts.verify,
    observe,
  });
}
