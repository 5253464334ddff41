// A processor in system mode on nothing but RAM and the two ports of the self-checking guests, with the plainest loop
// there is: one instruction after another where the mode asks for it, faults delivered as they come.
import { readFileSync } from 'node:fs';
import { MODE_PROTECTED, MODE_SHADOW, MODE_TRAP } from '../../runtime/abi/mode.ts';
import { CR0, CS, DR6, EAX, EIP, ES, GS, MODE } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import { Ports } from '../../runtime/bus/ports.ts';
import { cpuModels, systemModel } from '../../runtime/cpu/model.ts';
import { loadSegmentRegister } from '../../runtime/cpu/segment.ts';
import type { Cpu } from '../../runtime/exec/cpu.ts';
import type { Stop } from '../../runtime/exec/stop.ts';
import { WALK_WRITABLE } from '../../runtime/memory/walker.ts';
import { createSystemVmm, type SystemVmm } from '../../runtime/vmm/system/index.ts';
import { createCpu, type Tier } from '../../src/machine.ts';
import { type GuestOutcome, linesOf } from './system-guests.ts';

const LOAD = 0x100000;
const SIZE = 16 << 20;
const DR6_BS = 1 << 14;
const flatCode = { base: 0, limit: -1, access: 0xc09b };
const flatData = { base: 0, limit: -1, access: 0xc093 };

/** What the processor is given is Multiboot's state: protected mode, flat segments whose descriptors are in no table. */
export class SystemMachine {
  readonly cpu: Cpu;
  readonly ports: Ports = new Ports();
  readonly vmm: SystemVmm;
  private text = '';
  private exit: number | undefined;

  constructor(tier: Tier = 'auto') {
    let vmm: SystemVmm | undefined;
    this.cpu = createCpu({
      memoryBytes: SIZE,
      walker: () => ({ walk: (la) => (la & ~4095) | WALK_WRITABLE }),
      vmm: (parts) => {
        vmm = createSystemVmm({
          ...parts,
          paging: { forget() {}, arePointersValid: () => true },
          ports: this.ports,
          model: systemModel(cpuModels.max),
          timestamp: { read: () => this.cpu.timestamp, write() {} },
        });
        return vmm.calls;
      },
      mode: 0,
      tier,
      userOnly: false,
      policy: { arenaWords: 1 << 18 },
    });
    this.vmm = vmm!;
    this.vmm.reset();
    this.ports.claim(0xe9, 1, {
      write8: (_port, value) => {
        this.text += String.fromCharCode(value);
      },
    });
    this.ports.claim(0xf4, 4, {
      write8: (_port, value) => {
        this.exit = value;
        this.cpu.requestStop();
      },
    });
  }

  /** Run a guest as a Multiboot loader starts it. */
  runGuest(image: string): GuestOutcome {
    const bytes = readFileSync(image);
    const { state, memory } = this.cpu;
    memory.ram.u8.set(bytes, LOAD);
    state[CR0]! |= 1;
    this.protect();
    state[EAX] = 0x2badb002;
    state[EIP] = bytes.readUInt32LE(28);
    const end = this.run(100_000_000);
    if (this.exit === undefined)
      throw new Error(`${image} ended by ${JSON.stringify(end)} at ${state[EIP]!.toString(16)}\n${this.text}`);
    return { lines: linesOf(this.text), exit: this.exit };
  }

  private protect(): void {
    const { state } = this.cpu;
    state[MODE]! |= MODE_PROTECTED;
    for (let i = ES; i <= GS; i++) loadSegmentRegister(state, i, i === CS ? 8 : 16, i === CS ? flatCode : flatData);
  }

  run(limit: number): Stop {
    const S = this.cpu.state;
    for (let left = limit; left > 0; ) {
      const mode = S[MODE]!;
      const single = (mode & (MODE_TRAP | MODE_SHADOW)) !== 0;
      const stop = this.cpu.run(single ? 1 : left, single);
      left -= 1;
      if (mode & MODE_SHADOW) S[MODE]! &= ~MODE_SHADOW;
      if (stop.kind === 'fault') {
        const end = this.vmm.deliver(stop.vector, stop.errorCode, 'exception');
        if (end !== undefined) return end as Stop;
      } else if (stop.kind !== 'budget') return stop;
      else if (mode & MODE_TRAP && !(mode & MODE_SHADOW)) {
        S[DR6]! |= DR6_BS;
        this.vmm.deliver(Vector.DB, undefined, 'trap');
      }
    }
    return { kind: 'budget' };
  }
}
