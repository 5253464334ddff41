/**
 * The registers of a process: the initial ones, and what a switch between processes saves.
 *
 * Selectors are those of Linux/i386: flat code and data in the GDT, and three entries for thread-local storage that
 * set_thread_area fills.
 */
import { MODE_FLAT_USER32 } from '../../runtime/abi/mode.ts';
import {
  CS,
  DS,
  EIP,
  ES,
  ESP,
  FS,
  GS,
  MODE,
  SEGMENT_ACCESS,
  SS,
  SSE_END,
  X87_REGISTER,
} from '../../runtime/abi/state.ts';
import { type Descriptor, loadSegmentRegister, nullDescriptor } from '../../runtime/cpu/segment.ts';
import { initializeSse } from '../../runtime/cpu/sse.ts';
import { initializeX87 } from '../../runtime/cpu/x87.ts';
import type { Processor } from './processor.ts';

/** __USER_CS and __USER_DS (arch/x86/include/asm/segment.h, 32-bit). */
export const USER_CS = 0x73;
export const USER_DS = 0x7b;
/** First GDT entry for thread-local storage and their number (GDT_ENTRY_TLS_MIN). */
export const TLS_FIRST = 6;
export const TLS_COUNT = 3;

/** Attributes of flat user segments: present, DPL 3, code or data, 32 bits, page granular. */
const ACCESS_CODE = 0xc0fb;
const ACCESS_DATA = 0xc0f3;
const FLAT_LIMIT = -1;

const userCode: Descriptor = { base: 0, limit: FLAT_LIMIT, access: ACCESS_CODE };
const userData: Descriptor = { base: 0, limit: FLAT_LIMIT, access: ACCESS_DATA };

/** Slots that belong to a process: general registers, EIP, flags, segments; and the mode that follows from them. */
const SAVED_SLOTS: number = SEGMENT_ACCESS + 6;
const MODE_AT: number = SAVED_SLOTS;
/** Where the slots of x87 and SSE stand in the copy. */
const VECTOR_AT: number = MODE_AT + 1;

/** EFLAGS of a new program: interrupts enabled, bit 1. */
const INITIAL_EFLAGS = 0x202;

/** Register values of a process that is not running. */
export class SavedRegisters {
  readonly #slots = new Int32Array(VECTOR_AT + SSE_END - X87_REGISTER);

  save(state: Int32Array): void {
    this.#slots.set(state.subarray(0, SAVED_SLOTS));
    this.#slots[MODE_AT] = state[MODE]!;
    this.#slots.set(state.subarray(X87_REGISTER, SSE_END), VECTOR_AT);
  }

  load(state: Int32Array): void {
    state.set(this.#slots.subarray(0, SAVED_SLOTS));
    state[MODE] = this.#slots[MODE_AT]!;
    state.set(this.#slots.subarray(VECTOR_AT), X87_REGISTER);
  }

  get(slot: number): number {
    return this.#slots[slot]!;
  }

  set(slot: number, value: number): void {
    this.#slots[slot] = value;
  }
}

/** Registers at the first instruction of a program (ELF_PLAT_INIT: all zero but EIP, ESP and segments). */
export function resetRegisters(processor: Processor, eip: number, esp: number): void {
  const { state } = processor;
  state.fill(0, 0, 8);
  state[EIP] = eip | 0;
  state[ESP] = esp | 0;
  state[MODE] = MODE_FLAT_USER32;
  state.fill(0, X87_REGISTER, SSE_END);
  initializeX87(state);
  initializeSse(state);
  processor.setEflags(INITIAL_EFLAGS);
  loadSegmentRegister(state, CS, USER_CS, userCode);
  for (const segment of [SS, DS, ES]) loadSegmentRegister(state, segment, USER_DS, userData);
  for (const segment of [FS, GS]) loadSegmentRegister(state, segment, 0, nullDescriptor);
}

/** The thread-local storage entries of a process. */
export type TlsEntries = (Descriptor | undefined)[];

/** What a selector that is not null names for a process: flat user segments, or its TLS entries. */
export function describeSelector(selector: number, tls: TlsEntries): Descriptor | undefined {
  const index = selector & ~3;
  if (index === (USER_CS & ~3)) return userCode;
  if (index === (USER_DS & ~3)) return userData;
  return (selector & 4) === 0 ? tls[(selector >> 3) - TLS_FIRST] : undefined;
}
