/**
 * The bare processor of the public API: mapped memory, registers, run. No operating system and no devices: what a
 * program asks of either ends the run, and the embedder serves it and goes on.
 */

import { MODE_FLAT_USER32, MODE_IDENTITY } from '../runtime/abi/mode.ts';
import { CS, DS, EFLAGS_IF, EIP, ES, FS, GS, MODE, registerNames, SEGMENT_BASE, SS } from '../runtime/abi/state.ts';
import { PF_PRESENT, PF_USER, PF_WRITE, Vector } from '../runtime/abi/vector.ts';
import type { CacheStatistics } from '../runtime/cache/statistics.ts';
import { type CpuName, cpuModels } from '../runtime/cpu/model.ts';
import { type Descriptor, loadSegmentRegister } from '../runtime/cpu/segment.ts';
import type { Cpu as Processor } from '../runtime/exec/cpu.ts';
import { Access, WALK_WRITABLE } from '../runtime/memory/walker.ts';
import { createUserVmm } from '../runtime/vmm/user/index.ts';
import type { CodeKind } from '../translator/index.ts';
import { FrameAllocator } from './linux/frames.ts';
import { createCpu, type Tier } from './machine.ts';

/** The part of AbortSignal that is used. */
interface StopSignal {
  readonly aborted: boolean;
}

export interface CpuOptions {
  /** Bytes of guest memory that can be mapped in all, up to 1920 MiB. Default 16 MiB; the host commits what is touched. */
  readonly memory?: number;
  /** Interpret only, compile at once, or go by hotness (the default). */
  readonly tier?: Tier;
  /** What hot code becomes: `wasm` (the default; JavaScript where the host has no WebAssembly) or `javascript`. */
  readonly code?: CodeKind;
  /** Size of code and stack segments: 32 (the default) or 16. Both are flat. */
  readonly bits?: 16 | 32;
  /** The model: `max` (the default) has all instructions that there are. */
  readonly cpu?: CpuName;
  /** Let tier 0 repeat all that compiled code does; `run` throws a `Divergence` at the first difference. */
  readonly verify?: boolean;
}

/** What it needs of its host; src/index.ts fills it in. */
export interface CpuHost {
  /** Lets other tasks of the host run. */
  pause(): Promise<void>;
  /** Milliseconds, for statistics. */
  monotonic(): number;
}

/** What a program may do with mapped pages besides reading; both are true unless given. */
export interface PageRights {
  readonly write?: boolean;
  readonly execute?: boolean;
}

/** `fs.base` and `gs.base` are the linear addresses that those segments begin at; all others are flat. */
export type RegisterName =
  | 'eax'
  | 'ecx'
  | 'edx'
  | 'ebx'
  | 'esp'
  | 'ebp'
  | 'esi'
  | 'edi'
  | 'eip'
  | 'eflags'
  | 'fs.base'
  | 'gs.base';

export interface RunOptions {
  /** Most instructions to run, exactly; default no limit. */
  readonly maxInstructions?: number;
  /** Ends the run between two slices when it is aborted. */
  readonly signal?: StopSignal;
}

/** Why a run ended; all registers and memory are exact. */
export type CpuStop =
  /** `maxInstructions` have run. */
  | { readonly kind: 'limit' }
  /** The signal was aborted. */
  | { readonly kind: 'aborted' }
  /** INT n; EIP is behind it. */
  | { readonly kind: 'interrupt'; readonly vector: number }
  /**
   * An exception (SDM vol. 3A §6.3): 0 #DE, 3 #BP, 6 #UD, 13 #GP, 14 #PF, … EIP is at the instruction, behind it for
   * the traps #BP and #OF. `address` (u32) is the one that could not be used, for #PF; else 0.
   */
  | { readonly kind: 'exception'; readonly vector: number; readonly errorCode: number; readonly address: number };

/** Counters of the translation cache, and instructions that have run. */
export interface CpuStatistics extends Readonly<CacheStatistics> {
  readonly retired: number;
}

interface Page {
  readonly pa: number;
  readonly write: boolean;
  readonly execute: boolean;
}

const PAGE = 4096;
const DEFAULT_MEMORY: number = 16 << 20;
/** Instructions between two looks at the signal and a turn of the host's event loop. */
const SLICE = 20_000_000;
const CODE_ACCESS = 0x80fb;
const DATA_ACCESS = 0x80f3;
/** D/B of a descriptor: 32 bits. */
const BIG = 0x4000;
const CODE_SELECTOR = 0x23;
const DATA_SELECTOR = 0x2b;

const slots: Readonly<Record<string, number>> = {
  ...Object.fromEntries(registerNames.map((name, slot) => [name, slot])),
  eip: EIP,
  'fs.base': SEGMENT_BASE + FS,
  'gs.base': SEGMENT_BASE + GS,
};

/** One 32-bit x86 processor in user mode with its own memory; any number of them live side by side. */
export class BareCpu {
  readonly #host: CpuHost;
  readonly #processor: Processor;
  readonly #pages: (Page | undefined)[] = [];
  readonly #frames: FrameAllocator;

  /** @throws RangeError when `memory` is out of range. */
  constructor(
    { memory = DEFAULT_MEMORY, tier = 'auto', code, bits = 32, cpu = 'max', verify }: CpuOptions,
    host: CpuHost,
  ) {
    this.#host = host;
    const segments = flatSegments(bits);
    const model = cpuModels[cpu];
    this.#processor = createCpu({
      memoryBytes: memory,
      ownPlaces: true,
      walker: (fault) => ({
        walk: (la, access) => {
          const page = this.#pages[la >>> 12];
          const refused =
            page === undefined || (access === Access.Write ? !page.write : access === Access.Execute && !page.execute);
          if (refused) {
            const code = (page ? PF_PRESENT : 0) | (access === Access.Write ? PF_WRITE : 0) | PF_USER;
            return fault.raise(Vector.PF, code, la | 0);
          }
          return page.pa | (page.write ? WALK_WRITABLE : 0);
        },
      }),
      vmm: (parts) =>
        createUserVmm({ ...parts, model, descriptors: { describe: (selector) => segments.get(selector | 3) } }),
      model,
      mode: MODE_FLAT_USER32,
      tier,
      code,
      verify,
      userOnly: true,
      stopwatch: () => host.monotonic(),
    });
    const { ram } = this.#processor.memory;
    this.#frames = new FrameAllocator(ram, memory, (pa, length) => this.#processor.memory.invalidateCode(pa, length));
    const { state } = this.#processor;
    for (const segment of [ES, SS, DS, FS, GS, CS]) {
      const selector = segment === CS ? CODE_SELECTOR : DATA_SELECTOR;
      loadSegmentRegister(state, segment, selector, segments.get(selector)!);
    }
    if (ram.isWhole) state[MODE]! |= MODE_IDENTITY;
    this.#processor.setEflags(EFLAGS_IF | 2);
  }

  /**
   * Map pages of fresh, zeroed memory; pages in the range that are mapped already keep their bytes and get these rights.
   * @param address linear, a multiple of 4096.  @param length bytes, rounded up to whole pages.
   * @throws RangeError when the range is not valid or guest memory is used up; then nothing has changed.
   */
  map(address: number, length: number, { write = true, execute = true }: PageRights = {}): void {
    const [first, end] = pageRange(address, length);
    let fresh = 0;
    for (let page = first; page < end; page++) if (this.#pages[page] === undefined) fresh++;
    if (fresh > this.#frames.free) {
      throw new RangeError(`map: ${fresh * PAGE} bytes more than guest memory has left`);
    }
    for (let page = first; page < end; page++) {
      this.#pages[page] = { pa: this.#pages[page]?.pa ?? this.#frames.allocate(page), write, execute };
    }
    this.#processor.memory.flushPages(first, end - first);
  }

  /** Take pages away again; their bytes are lost. @throws RangeError when the range is not valid. */
  unmap(address: number, length: number): void {
    const [first, end] = pageRange(address, length);
    const { memory } = this.#processor;
    for (let page = first; page < end; page++) {
      const mapped = this.#pages[page];
      if (mapped === undefined) continue;
      this.#frames.release(mapped.pa);
      delete this.#pages[page];
    }
    memory.flushPages(first, end - first);
  }

  /** Copy bytes into mapped memory, whatever its rights; translations of what they replace are dropped.
   *  @throws RangeError when a page is not mapped; then nothing has been written. */
  write(address: number, bytes: Uint8Array): void {
    const { memory } = this.#processor;
    for (const { pa, offset, length } of this.#parts('write', address, bytes.length)) {
      memory.invalidateCode(pa, length);
      memory.ram.u8.set(bytes.subarray(offset, offset + length), pa);
    }
  }

  /** A copy of mapped memory. @throws RangeError when a page is not mapped. */
  read(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (const part of this.#parts('read', address, length)) {
      bytes.set(this.#processor.memory.ram.u8.subarray(part.pa, part.pa + part.length), part.offset);
    }
    return bytes;
  }

  /** A range page by page. */
  #parts(what: string, address: number, length: number): { pa: number; offset: number; length: number }[] {
    if (!Number.isInteger(address) || address < 0 || address + length > 2 ** 32) {
      throw new RangeError(`${what}: ${length} bytes at ${hex(address)} are not within 32-bit addresses`);
    }
    const parts: { pa: number; offset: number; length: number }[] = [];
    for (let offset = 0; offset < length; ) {
      const at = address + offset;
      const page = this.#pages[at >>> 12];
      if (page === undefined) throw new RangeError(`${what}: ${hex(at)} is not mapped`);
      const inPage = Math.min(length - offset, PAGE - (at & (PAGE - 1)));
      parts.push({ pa: page.pa | (at & (PAGE - 1)), offset, length: inPage });
      offset += inPage;
    }
    return parts;
  }

  /** A register as u32. @throws RangeError for an unknown name. */
  get(name: RegisterName): number {
    if (name === 'eflags') return this.#processor.getEflags() >>> 0;
    return this.#processor.state[slotOf(name)]! >>> 0;
  }

  /** Set a register from any 32-bit number, signed or not. @throws RangeError for an unknown name. */
  set(name: RegisterName, value: number): void {
    if (name === 'eflags') this.#processor.setEflags(value | 2);
    else this.#processor.state[slotOf(name)] = value;
  }

  /**
   * Run exactly `count` instructions unless something stops the processor before. Does not let go of the host's thread.
   * @throws RangeError unless `count` is a whole number from 1 to 2^31 - 1.
   */
  step(count = 1): CpuStop {
    if (!Number.isInteger(count) || count < 1 || count > 0x7fffffff) {
      throw new RangeError(`step: ${count} is no number of instructions`);
    }
    const stop = this.#processor.run(count, true);
    if (stop.kind === 'interrupt') return stop;
    if (stop.kind !== 'fault') return { kind: 'limit' };
    const { vector, errorCode, address } = stop;
    return { kind: 'exception', vector, errorCode, address: address >>> 0 };
  }

  /** Run from EIP until something stops the processor; other tasks of the host get their turn in between. */
  async run({ maxInstructions = Number.POSITIVE_INFINITY, signal }: RunOptions = {}): Promise<CpuStop> {
    if (!(maxInstructions > 0)) throw new RangeError(`run: ${maxInstructions} is no number of instructions`);
    for (let left = maxInstructions; ; left -= SLICE) {
      if (signal?.aborted) return { kind: 'aborted' };
      const stop = this.step(Math.min(left, SLICE));
      if (stop.kind !== 'limit' || left <= SLICE) return stop;
      await this.#host.pause();
    }
  }

  /** Counters since the processor was made. */
  statistics(): CpuStatistics {
    return { ...this.#processor.cache.statistics, retired: this.#processor.retired };
  }
}

function flatSegments(bits: 16 | 32): ReadonlyMap<number, Descriptor> {
  const big = bits === 32 ? BIG : 0;
  return new Map([
    [CODE_SELECTOR, { base: 0, limit: -1, access: CODE_ACCESS | big }],
    [DATA_SELECTOR, { base: 0, limit: -1, access: DATA_ACCESS | big }],
  ]);
}

function slotOf(name: string): number {
  const slot = Object.hasOwn(slots, name) ? slots[name] : undefined;
  if (slot === undefined) throw new RangeError(`no register is called ${name}`);
  return slot;
}

/** First page of a range and the one behind its last. */
function pageRange(address: number, length: number): [first: number, end: number] {
  const valid = Number.isInteger(address) && Number.isInteger(length) && address >= 0 && length > 0;
  if (!valid || address % PAGE !== 0 || address + length > 2 ** 32) {
    throw new RangeError(`map: ${length} bytes at ${hex(address)} are not whole pages within 32-bit addresses`);
  }
  return [address / PAGE, Math.ceil((address + length) / PAGE)];
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
