// One program on several processors in lockstep: the machine that the fuzz tests run random code on, and the comparison
// of everything that a guest could see after each slice. Code is writable and mapped twice, so that random stores hit
// it; data has read-only pages and holes; segments of 16 and 32 bits, with and without base, can be loaded.
import { MODE_FLAT_USER32, MODE_IDENTITY } from '../../runtime/abi/mode.ts';
import { EIP, registerNames, TEMPORARY } from '../../runtime/abi/state.ts';
import { PF_PRESENT, PF_USER, PF_WRITE, Vector } from '../../runtime/abi/vector.ts';
import { type Descriptor, loadSegmentRegister } from '../../runtime/cpu/segment.ts';
import type { Cpu } from '../../runtime/exec/cpu.ts';
import { compareStates } from '../../runtime/exec/state-difference.ts';
import type { Stop } from '../../runtime/exec/stop.ts';
import { Access, WALK_WRITABLE } from '../../runtime/memory/walker.ts';
import { createUserVmm } from '../../runtime/vmm/user/index.ts';
import { type CpuOptions, createCpu, type Policy, type Tier } from '../../src/machine.ts';
import { loadSimd } from './simd-slots.ts';
import type { SimdState } from './vectors.ts';

/** Linear address of the two code pages, and of their second mapping. */
export const CODE = 0x8000;
export const CODE_ALIAS = 0x208000;
const STACK_TOP = 0x109f00;

interface Page {
  readonly pa: number;
  readonly writable: boolean;
}

const fixedPages: ReadonlyMap<number, Page> = new Map(
  [
    [CODE, 0, true],
    [CODE + 0x1000, 1, true],
    [CODE_ALIAS, 0, true],
    [CODE_ALIAS + 0x1000, 1, true],
    [0x10000, 9, true],
    [0x101000, 2, true],
    [0x102000, 3, true],
    [0x103000, 4, false],
    [0x108000, 5, true],
    [0x109000, 6, true],
  ].map(([la, page, writable]) => [
    (la as number) >>> 12,
    { pa: (page as number) << 12, writable: writable as boolean },
  ]),
);

/**
 * Where a linear page lies. Wild pointers are mostly good, or else no random program would get far: of every 64 pages
 * two are missing, two are read-only, one is code.
 */
function pageAt(page: number): Page | undefined {
  const fixed = fixedPages.get(page);
  if (fixed !== undefined) return fixed;
  const hash = Math.imul(page, 0x9e3779b1) >>> 26;
  if (hash < 2) return undefined;
  if (hash < 4) return { pa: 4 << 12, writable: false };
  if (hash < 5) return { pa: (page & 1) << 12, writable: true };
  return { pa: (2 + (page % 2) + (hash & 1) * 5) << 12, writable: true };
}

const RAM_BYTES = 10 << 12;

/** Where each page of RAM lies when pages lie at their linear addresses, as far as they have one. */
const OWN_PLACES = [0x8000, 0x9000, 0x101000, 0x102000, 0x103000, 0x108000, 0x109000, 0x300000, 0x301000, 0x10000];
const NUMBERED_PLACES = OWN_PLACES.map((_, page) => page << 12);

const code = (base: number, big: boolean): Descriptor => ({ base, limit: -1, access: big ? 0xc0fb : 0x80fb });
const data = (base: number, big: boolean): Descriptor => ({ base, limit: -1, access: big ? 0xc0f3 : 0x80f3 });
const descriptors: ReadonlyMap<number, Descriptor> = new Map([
  [0x20, code(0, true)],
  [0x28, data(0, true)],
  [0x30, code(0, false)],
  [0x38, data(0, false)],
  [0x40, code(0x200000, true)],
  [0x60, data(0x100f00, true)],
  [0x68, data(0xfff00000 | 0, true)],
]);

/** A program: bytes at some offset of the code pages, and where to start it. */
export interface Program {
  readonly bytes: Uint8Array;
  /** Of the first byte within the two code pages. */
  readonly offset: number;
  /** Eight general registers in encoding order. */
  readonly regs: Int32Array;
  readonly eflags: number;
  /** XMM registers, MXCSR and x87; as after reset when left out. */
  readonly simd?: SimdState;
  /** CS.D and SS.B. */
  readonly bits: 16 | 32;
  /** Instructions of each slice; slices are exact. */
  readonly slices: readonly number[];
}

/** Memory before any program: the same pseudo-random bytes in every run. */
export function baseImage(next: () => number): Uint8Array {
  return Uint8Array.from({ length: RAM_BYTES }, (_, at) => (at < 0x2000 ? 0xcc : next() & 0xff));
}

/** A value that is often a usable address: near the data, the stack, the code, or small. */
export function addressLike(next: () => number): number {
  const pick = next() % 16;
  const near = next() % 512;
  if (pick < 4) return 0x101000 + (next() % 0x2000);
  if (pick < 6) return 0x102000 - 16 + (near & 31);
  if (pick < 7) return 0x103000 - 16 + (near & 31);
  if (pick < 9) return CODE_ALIAS + (next() % 0x2000);
  if (pick < 11) return CODE + (next() % 0x2000);
  if (pick < 14) return near;
  return next() | 0;
}

export function randomRegisters(next: () => number): Int32Array {
  const regs = Int32Array.from({ length: 8 }, () => addressLike(next));
  regs[4] = next() % 8 === 0 ? addressLike(next) : STACK_TOP - (next() & 0xfc);
  if (next() % 2 === 0) regs[1] = next() % 40;
  return regs;
}

/** The body of a loop, and behind it DEC and JNZ with its counter in memory. */
export function loopOf(body: Uint8Array): Buffer {
  const back = Buffer.from('ff0d080001000f8500000000', 'hex'); // dec dword [0x10008]; jnz start
  back.writeInt32LE(-(body.length + back.length), 8);
  return Buffer.concat([body, back]);
}

/** A processor of one tier over the memory above. */
export class LockstepMachine {
  readonly name: string;
  readonly cpu: Cpu;
  private readonly image: Uint8Array;
  /** Place of each page of RAM in the buffer. */
  private readonly places: readonly number[];
  /** All slots but those of tier 0. */
  private readonly atReset: Int32Array;

  /** @param ownPlaces pages lie at their linear addresses, and regions use the line table. */
  constructor(
    name: string,
    tier: Tier,
    image: Uint8Array,
    policy: Partial<Policy> = {},
    ownPlaces = false,
    checks: Pick<CpuOptions, 'verify' | 'observe' | 'code'> = {},
  ) {
    this.name = name;
    this.image = image;
    const places = ownPlaces ? OWN_PLACES : NUMBERED_PLACES;
    this.places = places;
    this.cpu = createCpu({
      memoryBytes: RAM_BYTES,
      ownPlaces,
      walker: (fault) => ({
        walk(la, access) {
          const page = pageAt(la >>> 12);
          if (page === undefined || (access === Access.Write && !page.writable)) {
            const write = access === Access.Write ? PF_WRITE : 0;
            return fault.raise(Vector.PF, (page ? PF_PRESENT : 0) | write | PF_USER, la | 0);
          }
          return places[page.pa >>> 12]! | (page.writable ? WALK_WRITABLE : 0);
        },
      }),
      vmm: ({ state, memory, fault }) =>
        createUserVmm({
          state,
          memory,
          fault,
          descriptors: { describe: (selector) => descriptors.get(selector & ~7) },
        }),
      mode: ownPlaces ? MODE_FLAT_USER32 | MODE_IDENTITY : MODE_FLAT_USER32,
      tier,
      userOnly: true,
      // Everything that is hot gets compiled, worth it or not.
      policy: { arenaWords: 1 << 16, compileAllowance: Number.POSITIVE_INFINITY, shortestRun: 0, ...policy },
      ...checks,
    });
    for (const [page, place] of places.entries())
      this.cpu.memory.ram.u8.set(image.subarray(page << 12, (page + 1) << 12), place);
    this.atReset = this.cpu.state.slice(0, TEMPORARY);
  }

  /** Undo what the last program did and load another. */
  load({ bytes, offset, regs, eflags, bits, simd }: Program): void {
    const { state, memory } = this.cpu;
    const { u8 } = memory.ram;
    // Wild pointers fill the TLB with pages that the next program has no use for.
    memory.tlb.flush();
    for (const [page, place] of this.places.entries()) {
      const before = this.image.subarray(page << 12, (page + 1) << 12);
      if (Buffer.compare(before, this.page(page)) === 0) continue;
      memory.invalidateCode(place, 4096);
      u8.set(before, place);
    }
    // The two code pages follow each other wherever they lie.
    const code = this.places[0]! + offset;
    memory.invalidateCode(code, bytes.length);
    u8.set(bytes, code);
    state.set(this.atReset);
    if (simd !== undefined) loadSimd(state, simd);
    state.set(regs);
    state[EIP] = CODE + offset;
    [0x2b, bits === 16 ? 0x33 : 0x23, bits === 16 ? 0x3b : 0x2b, 0x2b, 0x63, 0x6b].forEach((selector, segment) => {
      loadSegmentRegister(state, segment, selector, descriptors.get(selector & ~7)!);
    });
    this.cpu.setEflags(eflags);
  }

  /** A page of RAM by number. */
  page(number: number): Uint8Array {
    const place = this.places[number]!;
    return this.cpu.memory.ram.u8.subarray(place, place + 4096);
  }

  run(instructions: number): Stop {
    return this.cpu.run(instructions, true);
  }
}

/** No page is given up for being rewritten all the time. */
export const ALWAYS = 1e9;

/** A machine of each tier. */
export interface Tiers {
  readonly interpreted: LockstepMachine;
  /** Compiles what is hot, by the policy asked for. */
  readonly mixed: LockstepMachine;
  readonly compiled: LockstepMachine;
}

/** Every second seed has pages at their own addresses, where regions test the line table. */
export function hasOwnPlaces(seed: number): boolean {
  return seed % 2 === 0;
}

export function createTiers(seed: number, image: Uint8Array, policy: Partial<Policy>): Tiers {
  const own = hasOwnPlaces(seed);
  // Two seeds in four: regions compiled at once are JavaScript, or those that are compiled when they are hot.
  const [mixed, compiled] = seed & 2 ? (['wasm', 'javascript'] as const) : (['javascript', 'wasm'] as const);
  return {
    interpreted: new LockstepMachine('tier 0', '0', image, {}, own),
    mixed: new LockstepMachine('auto', 'auto', image, { maxRewrites: ALWAYS, ...policy }, own, { code: mixed }),
    compiled: new LockstepMachine('tier 1', '1', image, { maxRewrites: ALWAYS }, own, { code: compiled }),
  };
}

/** Everything that differs between two machines after the same slice, in words; empty when nothing does. */
function differences(a: LockstepMachine, stopA: Stop, b: LockstepMachine, stopB: Stop): string[] {
  const found: string[] = [];
  const compare = (what: string, left: number, right: number): void => {
    if (left !== right) found.push(`${what}: ${a.name} ${hex(left)}, ${b.name} ${hex(right)}`);
  };
  if (JSON.stringify(stopA) !== JSON.stringify(stopB)) {
    found.push(`stop: ${a.name} ${JSON.stringify(stopA)}, ${b.name} ${JSON.stringify(stopB)}`);
  }
  for (const { what, left, right } of compareStates(a.cpu.state, b.cpu.state)) compare(what, left, right);
  compare('retired', a.cpu.retired, b.cpu.retired);
  for (let page = 0; page < RAM_BYTES >>> 12; page++) {
    const left = a.page(page);
    const right = b.page(page);
    if (Buffer.compare(left, right) === 0) continue;
    const at = left.findIndex((byte, i) => byte !== right[i]);
    compare(`byte at ${hex(at)} of page ${page}`, left[at]!, right[at]!);
  }
  return found;
}

/**
 * Run one program on all machines, slice by slice, until it stops by itself or the slices are used up.
 * @returns what went wrong, an exception of ours included; empty when all machines agree.
 */
export function runInLockstep(machines: readonly LockstepMachine[], program: Program): string[] {
  let machine = machines[0]!;
  try {
    for (machine of machines) machine.load(program);
    for (const [slice, instructions] of program.slices.entries()) {
      const stops: Stop[] = [];
      for (machine of machines) {
        const before = machine.cpu.retired;
        stops.push(machine.run(instructions));
        const retired = machine.cpu.retired - before;
        if (retired < 0 || retired > instructions) return [`${machine.name} retired ${retired} of ${instructions}`];
      }
      for (let i = 1; i < machines.length; i++) {
        const found = differences(machines[0]!, stops[0]!, machines[i]!, stops[i]!);
        if (found.length > 0) return [`after slice ${slice}`, ...found];
      }
      if (stops[0]!.kind !== 'budget') return [];
    }
    return [];
  } catch (error) {
    return [`${machine.name} threw ${error instanceof Error ? error.stack : String(error)}`];
  }
}

/** @throws Error with program and differences when the machines do not agree. @param where names the program: seed, number. */
export function expectLockstep(machines: readonly LockstepMachine[], program: Program, where: string): void {
  const found = runInLockstep(machines, program);
  if (found.length > 0) throw new Error([`${where}: ${describeProgram(program)}`, ...found].join('\n'));
}

/** A program in words, enough to run it again. */
function describeProgram({ bytes, offset, regs, eflags, bits, slices }: Program): string {
  const registers = [...regs].map((value, i) => `${registerNames[i]}=${hex(value)}`).join(' ');
  return `${bits}-bit code ${Buffer.from(bytes).toString('hex')} at offset ${hex(offset)}, ${registers} eflags=${hex(eflags)}, slices ${slices.join(' ')}`;
}

function hex(value: number): string {
  return (value >>> 0).toString(16);
}
