/**
 * Port input and output: the permission that IOPL or the I/O permission bitmap gives, and INS and OUTS, which check
 * memory before a device is asked for a value that would be lost.
 *
 * Source: SDM vol. 1 §19.5 (protection), vol. 2A, 2B IN, INS, OUT, OUTS.
 */
import { MODE_BREAKPOINT, MODE_PROTECTED, MODE_TRAP, MODE_VM86 } from '../../abi/mode.ts';
import {
  CPL,
  DF,
  EAX,
  ECX,
  EDI,
  EDX,
  EIP,
  ES,
  ESI,
  MODE,
  SEGMENT_ACCESS,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SS,
  SYSTEM_BASE,
  SYSTEM_LIMIT,
  TR,
} from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { permits } from '../../cpu/segment.ts';
import type { VmmPart } from '../table.ts';
import type { Processor } from './context.ts';
import { ioPrivilege } from './mode.ts';
import { isTask32 } from './task.ts';

type Calls = 'portIn' | 'portOut' | 'stringIn' | 'stringOut';

const BITMAP_POINTER = 102;
/** Iterations of one entry of a repeated instruction; interrupts wait so long. */
const BURST = 1024;

export function portCalls({ state: S, memory, ports, fault }: Processor): VmmPart<Calls> {
  const { implicit } = memory;

  /** May this program use `bytes` ports from `port` on? @throws GuestFault #GP. */
  const allow = (port: number, bytes: number): void => {
    const mode = S[MODE]! & (MODE_PROTECTED | MODE_VM86);
    if (mode === 0 || (mode === MODE_PROTECTED && S[CPL]! <= ioPrivilege(S))) return;
    const base = S[TR + SYSTEM_BASE]!;
    const limit = S[TR + SYSTEM_LIMIT]! >>> 0;
    if (!isTask32(S) || limit < BITMAP_POINTER + 1) fault.raise(Vector.GP);
    const at = (implicit.read16((base + BITMAP_POINTER) | 0) & 0xffff) + (port >> 3);
    // Two bytes are always read, so the bitmap has one byte more than it needs.
    if (at + 1 > limit) fault.raise(Vector.GP);
    const bits = (implicit.read16((base + at) | 0) & 0xffff) >> (port & 7);
    if (bits & ((1 << bytes) - 1)) fault.raise(Vector.GP);
  };

  const note = (port: number, size: number): void => {
    if (S[MODE]! & MODE_BREAKPOINT) memory.breakpoints.notePort(port, size >> 3);
  };

  const input = (port: number, size: number): number => {
    note(port, size);
    return size === 8 ? ports.read8(port) : size === 16 ? ports.read16(port) : ports.read32(port);
  };

  const output = (port: number, value: number, size: number): void => {
    note(port, size);
    if (size === 8) ports.write8(port, value);
    else if (size === 16) ports.write16(port, value);
    else ports.write32(port, value);
  };

  /** Linear address of a string element. @throws GuestFault when the segment does not permit the access. */
  const element = (segment: number, offset: number, bytes: number, write: boolean): number => {
    const access = S[SEGMENT_ACCESS + segment]!;
    if (!permits(access, S[SEGMENT_LIMIT + segment]!, offset, bytes, write)) {
      fault.raise(segment === SS ? Vector.SS : Vector.GP);
    }
    return (S[SEGMENT_BASE + segment]! + offset) | 0;
  };

  const readMemory = (la: number, size: number): number =>
    size === 8 ? memory.read8(la) : size === 16 ? memory.read16(la) : memory.read32(la);

  const writeMemory = (la: number, value: number, size: number): void => {
    if (size === 8) memory.write8(la, value);
    else if (size === 16) memory.write16(la, value);
    else memory.write32(la, value);
  };

  /**
   * Do one element after another, with the registers moved on after each, so that a fault restarts at its element.
   * EIP moves on when the count has run out.
   */
  const repeat = (
    next: number,
    addressSize: number,
    repeated: number,
    register: number,
    bytes: number,
    one: (offset: number) => void,
  ): void => {
    const mask = addressSize === 16 ? 0xffff : -1;
    let left = repeated === 0 ? 1 : (S[ECX]! & mask) >>> 0;
    if (S[MODE]! & (MODE_TRAP | MODE_BREAKPOINT) && left > 1) left = 1;
    for (let i = Math.min(left, BURST); i > 0; i--) {
      one(S[register]! & mask);
      S[register] = (S[register]! & ~mask) | ((S[register]! + S[DF]! * bytes) & mask);
      if (repeated !== 0) S[ECX] = (S[ECX]! & ~mask) | ((S[ECX]! - 1) & mask);
    }
    if (repeated === 0 || (S[ECX]! & mask) === 0) S[EIP] = next;
  };

  return {
    portIn(_at, next, port, size) {
      allow(port, size >> 3);
      const value = input(port, size);
      const mask = size === 32 ? -1 : (1 << size) - 1;
      S[EAX] = (S[EAX]! & ~mask) | (value & mask);
      S[EIP] = next;
      return undefined;
    },
    portOut(_at, next, port, value, size) {
      allow(port, size >> 3);
      // A device may look at EIP: a reset or power-off port ends the run here.
      S[EIP] = next;
      output(port, value, size);
      return undefined;
    },
    stringIn(_at, next, size, addressSize, repeated) {
      const port = S[EDX]! & 0xffff;
      const bytes = size >> 3;
      repeat(next, addressSize, repeated, EDI, bytes, (offset) => {
        allow(port, bytes);
        const la = element(ES, offset, bytes, true);
        memory.probeWrite(la, size);
        writeMemory(la, input(port, size), size);
      });
      return undefined;
    },
    stringOut(_at, next, size, addressSize, repeated, segment) {
      const port = S[EDX]! & 0xffff;
      const bytes = size >> 3;
      repeat(next, addressSize, repeated, ESI, bytes, (offset) => {
        allow(port, bytes);
        output(port, readMemory(element(segment, offset, bytes, false), size), size);
      });
      return undefined;
    },
  };
}
