/**
 * Shows V8 every micro-operation before the guest does.
 *
 * V8 optimises the loop of tier 0 after the operations that ran so far; a first run of any other one then throws the
 * optimised code away, and compiling the loop anew takes most of a second. So each operation runs a few times before V8
 * begins, with operands that overflow, on fast and slow memory paths; that is what its type feedback then says. It takes
 * 20 ms, which short programs do without: tier0.ts counts entries into the loop.
 * It runs on the machine's own loop, state, first page of RAM and TLB words of page 0, and puts back what was there.
 */
import type { ExecutionContext } from '../../runtime/abi/context.ts';
import { BUDGET, CONSTANT, ESP, TEMPORARY } from '../../runtime/abi/state.ts';
import { unusableWord } from '../../runtime/abi/tlb.ts';
import { flagKinds } from '../ir/flags.ts';
import { pure } from '../ir/pure.ts';
import { idleHelpers, type Tier0Loop } from './loop.ts';
import { HEADER_HEAT, HEADER_MAPPING, HEADER_WORDS, microOps, Op } from './micro-op.ts';

/**
 * V8 begins to collect feedback when a function has run for a while, by its size: the loop needs some thousand runs,
 * an operator about a hundred calls.
 */
const ROUNDS = 120;
const CALLS = 150;
/** Operands: small, negative, and pairs whose sums and products overflow. */
const OPERANDS = [0, 1, -1, 0x7fffffff, 0x80000000 | 0, 0x12345678, 0xfedcba98 | 0, 5];
/** Linear addresses for memory accesses: aligned and not. */
const ADDRESSES = [64, 66, 67, 65];
const BASE = TEMPORARY;
const TARGET = TEMPORARY + 1;
const FIRST = TEMPORARY + 2;
const PAGE_WORDS = 1024;
/** Words from the first to the second block. */
const SECOND = 64;
/** Words of the arena that it needs. */
export const WARM_UP_WORDS: number = 2 * SECOND;

/** @param code the arena; @param at words of it that may be overwritten. */
export function warmUp(context: ExecutionContext, code: Int32Array, at: number, loop: Tier0Loop): void {
  const S = context.state;
  const saved = S.slice(0, CONSTANT);
  const { user, supervisor } = context.tlb;
  const tables = [user, supervisor].flatMap(({ read, write, execute }) => [read, write, execute]);
  const words = tables.map((table) => table[0]!);
  const page = context.ram.i32.slice(0, PAGE_WORDS);
  // The first RAM page at linear address 0, and no code there.
  for (const { read, write, execute } of [user, supervisor]) {
    read[0] = write[0] = 0;
    execute[0] = unusableWord(0);
  }
  for (const operator of operators())
    for (let i = 0; i < CALLS; i++) operator(OPERANDS[i & 7]!, OPERANDS[(i >> 3) & 7]!, OPERANDS[(i >> 1) & 7]!);
  const blocks = [...microOps].map(([op, { layout }]) => ({ op, layout }));
  const idleHelper = context.helperList.length;
  for (let round = 0; round < ROUNDS; round++) {
    OPERANDS.forEach((_, i) => {
      S[FIRST + i] = OPERANDS[(i + round) % OPERANDS.length]!;
    });
    for (const { op, layout } of blocks) {
      S[BASE] = S[ESP] = ADDRESSES[round % ADDRESSES.length]!;
      S[BUDGET] = 1000;
      place(code, at, op, layout, round, idleHelper + (round % idleHelpers.length));
      loop(at, round % 2 === 0);
    }
    chain(code, at, round);
    S[BUDGET] = 1000;
    loop(at, round % 2 === 0);
  }
  tables.forEach((table, i) => {
    table[0] = words[i]!;
  });
  context.ram.i32.set(page);
  code.fill(0, at, at + 2 * SECOND);
  S.set(saved);
}

/** Everything that the loop calls on operands. */
function operators(): ((a: number, b: number, c: number) => unknown)[] {
  return [pure.unary, pure.binary, pure.tests, ...Object.values(flagKinds)].flatMap((table) => Object.values(table));
}

/** Two empty blocks, the first linked to the second: near, far, and far with the page mapped otherwise. */
function chain(code: Int32Array, at: number, round: number): void {
  const second = at + SECOND;
  for (const start of [at, second]) {
    code.fill(0, start, start + SECOND);
    code[start] = 1;
    code[start + HEADER_HEAT] = 1000;
    code[start + HEADER_MAPPING] = round % 3 === 2 ? 1 : unusableWord(0);
    code[start + HEADER_WORDS] = Op.jump;
  }
  code[at + HEADER_WORDS + 1] = round % 3 === 0 ? second : -second;
}

/** Skip a micro-operation; a VMM call with one argument; targets seen that are not the one. All other words are zero. */
const plainWords: Readonly<Record<number, number>> = { [Op.skipIfZero]: 3, [Op.vmm]: 1, [Op.indirect]: 1 };

/** A block of one micro-operation, and a jump out of it. A call goes to `helper`: the real ones have effects. */
function place(code: Int32Array, at: number, op: number, layout: string, round: number, helper: number): void {
  code.fill(0, at, at + 64);
  code[at] = 1;
  code[at + HEADER_HEAT] = 1000;
  let word = at + HEADER_WORDS;
  code[word++] = op;
  const stores = layout.startsWith('b');
  let operand = FIRST + (round % 3);
  for (const letter of layout) {
    if (letter === 'd') code[word++] = TARGET;
    else if (letter === 'b') code[word++] = BASE;
    // Index and stored value are zero: they point to slots that are never written.
    else if (letter === 's') code[word++] = stores || layout.startsWith('db') ? CONSTANT - 1 : operand++;
    else if (letter === 'l') word += 2;
    else if (letter === 'h') code[word++] = helper;
    else code[word++] = plainWords[op] ?? 0;
  }
  code[word] = Op.jump;
}
