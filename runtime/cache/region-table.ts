/**
 * Regions by the mode and CS base that they run in and by EIP, for calls and computed addresses, which look no blocks up;
 * and by number, for what a region leaves behind that was entered by another one.
 */
import { addEntry, type CallService, createEntries, ENTRY_WORDS, entryIndex, removeEntry } from '../abi/entries.ts';
import type { MachineMemory } from '../abi/host-memory.ts';
import type { Region, RegionSpace } from './translation.ts';

/** Real-mode programs have many CS bases. What is forgotten is found the long way. */
const MAX_SPACES = 64;

export class RegionTable {
  private readonly spaces = new Map<string, RegionSpace>();
  private readonly byNumber: (Region | undefined)[] = [];
  private readonly free: number[] = [];
  private dropped: Region[] = [];
  private readonly state: Int32Array;
  private readonly service: CallService;
  private readonly memory: MachineMemory;
  /** Spaces whose words WebAssembly can see; regions of all later ones make every call the long way. */
  private placed = 0;

  constructor(state: Int32Array, memory: MachineMemory, service: CallService) {
    this.state = state;
    this.memory = memory;
    this.service = service;
  }

  space(mode: number, base: number): RegionSpace {
    const key = `${mode} ${base}`;
    let space = this.spaces.get(key);
    if (space === undefined) {
      if (this.spaces.size === MAX_SPACES) this.spaces.clear();
      const words = this.placed++ < MAX_SPACES ? this.memory.words(ENTRY_WORDS) : new Int32Array(ENTRY_WORDS);
      space = { entries: createEntries(this.state, this.service, words), regions: [] };
      this.spaces.set(key, space);
    }
    return space;
  }

  /** The number of the next region. */
  reserve(): number {
    return this.free.pop() ?? this.byNumber.push(undefined) - 1;
  }

  release(number: number): void {
    this.free.push(number);
  }

  add(region: Region): void {
    const { entries, space } = region;
    this.byNumber[region.number] = region;
    for (const { eip } of entries) {
      space.regions[entryIndex(eip)] = region;
      addEntry(space.entries, eip, region.run, region.number);
    }
  }

  /** It is not entered any more; while it runs, it keeps its number. */
  remove(region: Region): void {
    const { entries, space } = region;
    for (const { eip } of entries) {
      const index = entryIndex(eip);
      if (space.regions[index] === region) space.regions[index] = undefined;
      removeEntry(space.entries, eip, region.run);
    }
    this.dropped.push(region);
  }

  /** No region is running: the numbers of those removed are free. */
  settle(): void {
    if (this.dropped.length === 0) return;
    for (const { number } of this.dropped) {
      this.byNumber[number] = undefined;
      this.free.push(number);
    }
    this.dropped = [];
  }

  numbered(number: number): Region {
    return this.byNumber[number]!;
  }

  /** The region that can be entered at an EIP in the mode and CS base of another one, if it is known. */
  find(eip: number, { space }: Region): Region | undefined {
    const index = entryIndex(eip);
    return space.entries.keys[index] === eip ? space.regions[index] : undefined;
  }
}
