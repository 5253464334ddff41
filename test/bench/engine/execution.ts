// How fast translated code runs: kernels and single loops in tier 0 and in tier 1, transfers, and lookups.
import { MODE_FLAT_ES, MODE_FLAT_USER32 } from '../../../runtime/abi/mode.ts';
import { EIP, MODE } from '../../../runtime/abi/state.ts';
import type { Tier } from '../../../src/machine.ts';
import type { Guest } from '../guests.ts';
import { callLoop, indirectLoop, jumpChain, memoryLoop, registerLoop } from './code.ts';
import { readGuest } from './elf.ts';
import { BASE, BenchMachine } from './machine.ts';
import { each, type Figure, measure, rate } from './measure.ts';

const NANOSECOND = 1e-9;
const CODE = BASE + 0x100000;

/** Tiers as the figures name them. With `auto`, all is compiled once the measurement's own warm-up is over. */
const tiers: readonly { readonly tier: Tier; readonly label: string }[] = [
  { tier: '0', label: 'tier 0' },
  { tier: 'auto', label: 'tier 1' },
];

/** Run so long before timing that what will be hot is compiled, by us and then by V8. */
function warmUp(tier: Tier, seconds: number, work: () => void): void {
  const end = performance.now() + (tier === '0' ? 200 : 2000 * seconds);
  do work();
  while (performance.now() < end);
}

type Announce = (name: string) => void;

/** Million guest instructions a second on each kernel. */
export function measureKernels(guests: readonly Guest[], seconds: number, announce: Announce): Figure[] {
  const figures: Figure[] = [];
  for (const { tier, label } of tiers) {
    for (const guest of guests) {
      const name = `${label}, ${guest.name}`;
      announce(name);
      const machine = new BenchMachine(tier);
      machine.load(readGuest(guest));
      warmUp(tier, seconds, () => machine.runProgram(1));
      const before = machine.cpu.retired;
      if (machine.runProgram(1) !== 0) throw new Error(`${guest.name} failed: ${machine.output}`);
      const instructions = machine.cpu.retired - before;
      const cost = measure(name, seconds, () => machine.runProgram(1));
      figures.push(rate('kernels', name, 'million instructions/s', instructions / 1e6, cost));
    }
  }
  return figures;
}

interface Loop {
  readonly name: string;
  readonly code: Uint8Array;
  /** Guest instructions and, where the figure is about them, transfers in one turn. */
  readonly instructions: number;
  readonly transfers?: number;
}

const CHAIN = 512;
const loops: readonly Loop[] = [
  { name: 'registers', code: registerLoop(), instructions: 5 },
  { name: 'memory', code: memoryLoop(), instructions: 6 },
  { name: 'calls and returns', code: callLoop(), instructions: 5, transfers: 2 },
  { name: `links over ${CHAIN} pages`, code: jumpChain(CHAIN), instructions: 2 * CHAIN, transfers: CHAIN },
  { name: 'indirect calls, 1 target', code: indirectLoop(CODE, 1), instructions: 10, transfers: 2 },
  { name: 'indirect calls, 16 targets', code: indirectLoop(CODE, 16), instructions: 10, transfers: 2 },
  { name: 'indirect calls, 4096 targets', code: indirectLoop(CODE, 4096), instructions: 10, transfers: 2 },
];

/** Instructions that one timed run of a loop executes, about. */
const LOOP_INSTRUCTIONS: number = 400_000;

export function measureLoops(seconds: number, announce: Announce): Figure[] {
  const figures: Figure[] = [];
  for (const { tier, label } of tiers) {
    for (const { name: loop, code, instructions, transfers } of loops) {
      const name = `${label}, ${loop}`;
      announce(name);
      const turns = Math.max(1, Math.round(LOOP_INSTRUCTIONS / instructions));
      const machine = new BenchMachine(tier);
      machine.write(CODE, code);
      warmUp(tier, seconds, () => machine.runCode(CODE, turns));
      const cost = measure(name, seconds, () => machine.runCode(CODE, turns));
      if (transfers === undefined) {
        figures.push(rate('loops', name, 'million instructions/s', (turns * instructions) / 1e6, cost));
      } else figures.push(each('loops', name, 'ns a transfer', turns * transfers, NANOSECOND, cost));
    }
  }
  return figures;
}

/** Finding blocks that are translated: by EIP at once, and by physical address when the fast table has another. */
export function measureLookups(seconds: number, announce: Announce): Figure[] {
  const machine = new BenchMachine('0');
  const { cache, state } = machine.cpu;
  // Blocks of INC EAX; RET, one at every 16 bytes.
  const count = 1 << 12;
  machine.write(
    CODE,
    Uint8Array.from({ length: count * 16 }, (_, i) => [0x40, 0xc3][i & 15] ?? 0x90),
  );
  const find = (la: number, mode: number): void => {
    state[EIP] = la;
    state[MODE] = mode;
    cache.current();
  };
  announce('lookups');
  const hits = measure('hits', seconds, () => {
    for (let i = 0; i < count; i++) find(CODE + i * 16, MODE_FLAT_USER32);
  });
  // The fast table goes by EIP: two modes at one address drive each other out of it.
  const other = MODE_FLAT_USER32 & ~MODE_FLAT_ES;
  const before = cache.statistics.slowHits;
  const pairs = measure('slow hits', seconds, () => {
    for (let i = 0; i < count; i++) find(CODE, i & 1 ? MODE_FLAT_USER32 : other);
  });
  if (cache.statistics.slowHits - before < count) throw new Error('the fast table no longer goes by EIP');
  return [
    each('lookups', 'hit in the fast table', 'ns', count, NANOSECOND, hits),
    each('lookups', 'hit by physical address', 'ns', count, NANOSECOND, pairs),
  ];
}
