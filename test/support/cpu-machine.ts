// The whole processor under the recorded vectors: translator, both tiers, cache and dispatcher, with the recorder's
// memory map and the VMM of user mode.
import { MODE_FLAT_USER32 } from '../../runtime/abi/mode.ts';
import { EIP, FS, GS, SEGMENT_BASE, SELECTOR } from '../../runtime/abi/state.ts';
import { PF_PRESENT, PF_USER, PF_WRITE, Vector } from '../../runtime/abi/vector.ts';
import type { GuestFault } from '../../runtime/cpu/fault.ts';
import type { Cpu } from '../../runtime/exec/cpu.ts';
import { Access, WALK_WRITABLE } from '../../runtime/memory/walker.ts';
import { createUserVmm } from '../../runtime/vmm/user/index.ts';
import { createCpu, type Policy, type Tier } from '../../src/machine.ts';
import { loadSimd, readSimd } from './simd-slots.ts';
import {
  FS_BASE,
  GS_BASE,
  REGIONS,
  type Region,
  type VectorMachine,
  type VectorOutcome,
  type VectorState,
} from './vectors.ts';

/** Runs that take more instructions than this are taken for hung. */
const LIMIT = 10_000_000;

export class CpuMachine implements VectorMachine {
  readonly cpu: Cpu;
  private readonly pages = new Map<number, { readonly pa: number; readonly region: Region }>();

  constructor(tier: Tier, policy: Partial<Policy> = {}) {
    let size = 0;
    for (const region of REGIONS) {
      for (let la = region.base; la < region.base + region.size; la += 4096, size += 4096) {
        this.pages.set(la >>> 12, { pa: size, region });
      }
    }
    this.cpu = createCpu({
      memoryBytes: size,
      walker: (fault) => ({ walk: (la, access, user) => this.walk(fault, la, access, user) }),
      vmm: (parts) => createUserVmm({ ...parts, descriptors: { describe: () => undefined } }),
      mode: MODE_FLAT_USER32,
      tier,
      userOnly: true,
      // Everything that is hot gets compiled, worth it or not.
      policy: { arenaWords: 1 << 16, compileAllowance: Number.POSITIVE_INFINITY, shortestRun: 0, ...policy },
    });
  }

  private walk(fault: GuestFault, la: number, access: Access, user: boolean): number {
    const page = this.pages.get(la >>> 12);
    const writable = page !== undefined && (page.region.access & 2) !== 0;
    if (page === undefined || (access === Access.Write && !writable)) {
      fault.raise(
        Vector.PF,
        (page ? PF_PRESENT : 0) | (access === Access.Write ? PF_WRITE : 0) | (user ? PF_USER : 0),
        la,
      );
    }
    return page.pa | (writable ? WALK_WRITABLE : 0);
  }

  writeMemory(la: number, bytes: Uint8Array): void {
    const { memory } = this.cpu;
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(bytes.length - at, 4096 - ((la + at) & 4095));
      const pa = this.physical(la + at);
      memory.invalidateCode(pa, length);
      memory.ram.u8.set(bytes.subarray(at, at + length), pa);
      at += length;
    }
  }

  readMemory(la: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => this.cpu.memory.ram.u8[this.physical(la + i)]!);
  }

  private physical(la: number): number {
    const page = this.pages.get(la >>> 12);
    if (page === undefined) throw new RangeError(`${la.toString(16)} is in no region`);
    return page.pa | (la & 4095);
  }

  /** Load registers, flags and segments. */
  load(before: VectorState): void {
    const { state } = this.cpu;
    state.set(before.regs);
    state[EIP] = before.eip;
    state.set([0x2b, 0x23, 0x2b, 0x2b, 0x63, 0x6b], SELECTOR);
    state[SEGMENT_BASE + FS] = FS_BASE;
    state[SEGMENT_BASE + GS] = GS_BASE;
    this.cpu.setEflags(before.eflags);
    if (before.simd !== undefined) loadSimd(state, before.simd);
  }

  run(before: VectorState): VectorOutcome {
    this.load(before);
    const stop = this.cpu.run(LIMIT);
    if (stop.kind !== 'fault') throw new Error(`stopped by ${stop.kind}`);
    const { state } = this.cpu;
    return {
      regs: state.slice(0, 8),
      eflags: this.cpu.getEflags(),
      eip: state[EIP]! >>> 0,
      vector: stop.vector,
      errorCode: stop.errorCode,
      cr2: stop.address,
      simd: readSimd(state),
    };
  }
}
