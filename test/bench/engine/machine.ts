// A processor with the least around it: flat memory from one base address, and as much Linux as the guests of
// fixtures/guests/bench/ ask for. It can run the same program again and again with everything translated already,
// which a process of src/linux cannot.

import { MODE_FLAT_USER32 } from '../../../runtime/abi/mode.ts';
import { EAX, EBX, ECX, EDX, EIP, ESP, MODE } from '../../../runtime/abi/state.ts';
import { PF_USER, Vector } from '../../../runtime/abi/vector.ts';
import { cpuModels } from '../../../runtime/cpu/model.ts';
import type { Cpu } from '../../../runtime/exec/cpu.ts';
import type { Stop } from '../../../runtime/exec/stop.ts';
import { WALK_WRITABLE } from '../../../runtime/memory/walker.ts';
import type { Policy, Tier } from '../../../src/machine.ts';
import { createUserCpu } from '../../../src/user-machine.ts';
import type { CodeKind } from '../../../translator/index.ts';
import { loadSegments, type Segment } from './elf.ts';

/** Linear address of physical address 0. Programs are linked a little above it. */
export const BASE = 0x08000000;
const MEGABYTE = 1 << 20;
const RAM_BYTES: number = 64 * MEGABYTE;
const STACK_TOP: number = BASE + 32 * MEGABYTE;
const HEAP: number = BASE + 32 * MEGABYTE;

const SYS_EXIT = 1;
const SYS_WRITE = 4;
const SYS_MMAP2 = 192;
const ENOSYS = 38;

export class BenchMachine {
  readonly cpu: Cpu;
  /** What the program has written. */
  output = '';
  private segments: readonly Segment[] = [];
  private entry = 0;
  private heap: number = HEAP;

  constructor(tier: Tier, policy: Partial<Policy> = {}, code?: CodeKind) {
    this.cpu = createUserCpu(
      {
        memoryBytes: RAM_BYTES,
        tier,
        code,
        model: cpuModels.max,
        descriptors: { describe: () => undefined },
        walker: {
          walk: (la) => {
            const pa = (la - BASE) & ~4095;
            if (pa < 0 || pa >= RAM_BYTES) this.cpu.memory.fault.raise(Vector.PF, PF_USER, la);
            return pa | WALK_WRITABLE;
          },
        },
      },
      () => performance.now(),
      policy,
    );
  }

  /** Put bytes into memory; translated code that they overwrite is dropped. */
  write(la: number, bytes: Uint8Array): void {
    const { memory } = this.cpu;
    memory.invalidateCode(la - BASE, bytes.length);
    memory.ram.u8.set(bytes, la - BASE);
  }

  /** Put an i386 ELF program into memory. */
  load(program: Uint8Array): void {
    const { entry, segments } = loadSegments(program);
    this.entry = entry;
    this.segments = segments;
    for (const { la, bytes } of segments) this.write(la, bytes);
  }

  /** Run the loaded program from its start to its end. @returns its exit status. @throws Error on a fault. */
  runProgram(rounds: number): number {
    const { state, memory } = this.cpu;
    this.output = '';
    // Data as it was at the start; code stays, with its translations.
    for (const { la, bytes, writable } of this.segments) if (writable) memory.ram.u8.set(bytes, la - BASE);
    if (this.heap !== HEAP) this.write(HEAP, new Uint8Array(this.heap - HEAP));
    this.heap = HEAP;
    const argument = STACK_TOP - 16;
    memory.ram.u8.set(new TextEncoder().encode(`${rounds}\0`), argument - BASE);
    memory.ram.i32.set([2, argument, argument, 0, 0], (argument - BASE - 32) >> 2);
    state[ESP] = argument - 32;
    state[EIP] = this.entry;
    for (;;) {
      const stop = this.runFrom();
      if (stop.kind !== 'interrupt') throw new Error(describe(stop, state[EIP]!));
      if (state[EAX] === SYS_EXIT) return state[EBX]!;
      state[EAX] = this.serve();
    }
  }

  /** Run the code at `la` until INT3, with ECX given. @throws Error on anything else. */
  runCode(la: number, ecx: number): void {
    const { state } = this.cpu;
    state[ESP] = STACK_TOP;
    state[ECX] = ecx;
    state[EIP] = la;
    const stop = this.runFrom();
    if (stop.kind !== 'fault' || stop.vector !== Vector.BP) throw new Error(describe(stop, state[EIP]!));
  }

  /** Make `la` the current address, as the dispatcher sees it. */
  goTo(la: number): void {
    this.cpu.state[EIP] = la;
    this.cpu.state[MODE] = MODE_FLAT_USER32;
  }

  private runFrom(): Stop {
    for (;;) {
      const stop = this.cpu.run(0x7fffffff);
      if (stop.kind !== 'budget') return stop;
    }
  }

  private serve(): number {
    const { state, memory } = this.cpu;
    switch (state[EAX]) {
      case SYS_WRITE: {
        const at = state[ECX]! - BASE;
        this.output += Buffer.from(memory.ram.u8.subarray(at, at + state[EDX]!)).toString('latin1');
        return state[EDX]!;
      }
      case SYS_MMAP2: {
        const la = this.heap;
        this.heap = (la + state[ECX]! + 4095) & ~4095;
        return la;
      }
      default:
        return -ENOSYS;
    }
  }
}

function describe(stop: Stop, eip: number): string {
  const what = stop.kind === 'fault' ? `exception ${stop.vector} (${(stop.address >>> 0).toString(16)})` : stop.kind;
  return `the guest stopped at ${(eip >>> 0).toString(16)}: ${what}`;
}
