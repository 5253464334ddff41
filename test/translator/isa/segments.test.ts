// 16-bit stacks under 32-bit code, and 16-bit code with segments that have bases: fixtures/segments/ against decoder,
// lifts and the plain evaluator, with the user-mode VMM for POPF and the INT3 that ends each case.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  MODE_CODE32,
  MODE_FLAT_CS,
  MODE_FLAT_DS,
  MODE_FLAT_ES,
  MODE_PROTECTED,
  MODE_USER,
} from '../../../runtime/abi/mode.ts';
import { CS, DS, EIP, ES, MODE, SEGMENT_BASE, SELECTOR, SS, STATE_SLOTS } from '../../../runtime/abi/state.ts';
import { Ram } from '../../../runtime/bus/ram.ts';
import { readEflags, writeEflags } from '../../../runtime/cpu/eflags.ts';
import { GuestFault } from '../../../runtime/cpu/fault.ts';
import { createHelpers } from '../../../runtime/helpers/index.ts';
import { Memory } from '../../../runtime/memory/memory.ts';
import { WALK_WRITABLE } from '../../../runtime/memory/walker.ts';
import { createUserVmm } from '../../../runtime/vmm/user/index.ts';
import { createDecoder } from '../../../translator/decode/index.ts';
import { rows } from '../../../translator/isa/index.ts';
import { lift } from '../../../translator/lift.ts';
import { evaluate } from '../../support/evaluate.ts';

/** One line of the fixture (test/support/segment-recorder.c): registers EAX to EDI, EIP relative to the code segment. */
interface SegmentCase {
  readonly form: string;
  readonly code: 16 | 32;
  readonly bytes: string;
  readonly flags: readonly [before: number, after: number];
  readonly eip: number;
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly memory: readonly (readonly [offset: number, byte: number])[];
}

/** Linear bases of the recorder's segments. Physical addresses here start at DATA. */
const DATA = 0x20000000;
const CODE = 0x20010000;
const SEGMENT_BYTES = 0x10000;
const ENTRY = 0x100;
/** CF PF AF ZF SF DF OF. */
const RECORDED_FLAGS = 0xcd5;
/** Blocks of one case at most. */
const BLOCKS = 100;

const text = gunzipSync(readFileSync(new URL('../../../fixtures/segments/cases.json.gz', import.meta.url))).toString();
const cases = text
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as SegmentCase);

const state = new Int32Array(STATE_SLOTS);
const fault = new GuestFault();
const ram = new Ram(2 * SEGMENT_BYTES);
const memory = new Memory(ram, state, fault, { walk: (la) => ((la & ~4095) - DATA) | WALK_WRITABLE }, true);
const helpers = createHelpers({ state, memory, fault });
const vmm = createUserVmm({ state, memory, fault, descriptors: { describe: () => undefined } });
const decoder = createDecoder(rows);

/** Contents of the data segment before each case. */
const pattern = Uint8Array.from({ length: SEGMENT_BYTES }, (_, i) => i * 167 + (i >> 8) * 59 + 13);

function run({ code, bytes, before, flags }: SegmentCase): void {
  ram.u8.set(pattern);
  ram.u8.fill(0xcc, SEGMENT_BYTES);
  const codeBytes = bytes.split(' ').map((byte) => Number.parseInt(byte, 16));
  ram.u8.set(codeBytes, SEGMENT_BYTES + ENTRY);
  state.fill(0);
  state.set(before);
  writeEflags(state, flags[0]);
  state[SEGMENT_BASE + SS] = DATA;
  state[MODE] = MODE_USER | MODE_PROTECTED;
  if (code === 16) {
    state.set([0x7, 0xf, 0x7, 0x7], SELECTOR);
    state[EIP] = ENTRY;
    state[SEGMENT_BASE + CS] = CODE;
    state[SEGMENT_BASE + DS] = state[SEGMENT_BASE + ES] = DATA;
  } else {
    state.set([0x2b, 0x23, 0x7, 0x2b], SELECTOR);
    state[EIP] = CODE + ENTRY;
    state[MODE] |= MODE_CODE32 | MODE_FLAT_ES | MODE_FLAT_CS | MODE_FLAT_DS;
  }
  for (let i = 0; i < BLOCKS; i++) if (runBlock()) return;
  throw new Error('no end');
}

/** @returns true at the INT3. */
function runBlock(): boolean {
  const eip = state[EIP]!;
  const pa = state[SEGMENT_BASE + CS]! + eip - DATA;
  const page = pa & ~4095;
  const block = lift(
    decoder,
    {
      bytes: ram.u8.subarray(page, page + 4096),
      offset: pa & 4095,
      end: 4096,
      mapping: 0,
      crossing: () => ram.u8.subarray(pa, pa + 15),
    },
    eip,
    state[MODE]!,
  ).block;
  const ending = evaluate(block, { state, memory, helpers });
  if (ending.kind !== 'vmm') return false;
  const stop = vmm[ending.call](state[EIP]!, ending.next, ...ending.args);
  return stop?.kind === 'fault' && stop.vector === 3;
}

function differences({ code, after, flags, eip, memory: changes }: SegmentCase): string[] {
  const found: string[] = [];
  const compare = (what: string, expected: number, actual: number): void => {
    if (expected !== actual) found.push(`${what}: CPU ${hex(expected)}, here ${hex(actual)}`);
  };
  for (let i = 0; i < 8; i++) compare(`register ${i}`, after[i]!, state[i]!);
  compare('flags', flags[1], readEflags(state) & RECORDED_FLAGS);
  compare('eip', eip, state[EIP]! - 1 - (code === 16 ? 0 : CODE));
  const expected = pattern.slice();
  for (const [offset, byte] of changes) expected[offset] = byte;
  if (Buffer.compare(expected, ram.u8.subarray(0, SEGMENT_BYTES)) !== 0) {
    expected.forEach((byte, i) => {
      compare(`byte ${hex(i)}`, byte, ram.u8[i]!);
    });
  }
  return found;
}

const hex = (value: number): string => (value >>> 0).toString(16);

test.each([32, 16])('16-bit segments under %s-bit code do what the CPU did', (code) => {
  const failures: string[] = [];
  const mine = cases.filter((one) => one.code === code);
  expect(mine.length).toBeGreaterThan(300);
  for (const one of mine) {
    let found: string[];
    try {
      run(one);
      found = differences(one);
    } catch (error) {
      found = [String(error)];
    }
    if (found.length > 0)
      failures.push(`${one.form} (${one.bytes}), before ${one.before.map(hex)}: ${found.join('; ')}`);
  }
  expect(failures.join('\n')).toBe('');
});
