/**
 * Helpers on the x87's registers, inlined: moves among registers, and loads and stores of doubles. Arithmetic stays a call
 * (abi/pair.ts): with it inlined, or only what comes before it, V8 was slower over long blocks.
 *
 * They do what runtime/helpers/x87/fast.ts does where nothing can go wrong: X87_FAST says that no exception is pending or
 * unmasked, registers that are read are pairs, one that is pushed is empty, memory is mapped RAM. Otherwise the helper
 * is called. `tz` is above X87_FAST while a block trains V8 (lanes.ts).
 */
import {
  X87_FAST,
  X87_INEXACT,
  X87_REGISTER,
  X87_REGISTER_SLOTS,
  X87_RESIDUE,
  X87_TAGS,
  X87_TOP,
} from '../../runtime/abi/state.ts';
import { X87Move } from '../../runtime/abi/x87.ts';
import type { Call } from '../ir/node.ts';
import type { Statement } from './estree.ts';
import * as js from './estree.ts';
import type { VectorLanes } from './lanes.ts';
import { type Snippet, snippet } from './snippet.ts';

/** State in the snippets: doubles of register r from $f + 2 * r on. */
const places = {
  $f: js.num(X87_REGISTER >> 1),
  $l: js.num((X87_REGISTER >> 1) + 1),
  $fast: js.num(X87_FAST),
  $inexact: js.num(X87_INEXACT),
  $residue: js.num(X87_RESIDUE >> 1),
  $tags: js.num(X87_TAGS),
  $top: js.num(X87_TOP),
};
if (X87_REGISTER_SLOTS !== 4) throw new Error('a register of the x87 is not two doubles');

// 257, shifted to a register, is "in use" and "a pair" in X87_TAGS.
const push = snippet(`{
  const tags = S[$tags], from = S[$top] + $i & 7, to = S[$top] - 1 & 7;
  if (S[$fast] > tz && (tags >> from & 257) === 257 && (tags >> to & 1) === 0) {
    D[$f + (to << 1)] = D[$f + (from << 1)];
    D[$l + (to << 1)] = D[$l + (from << 1)];
    D[$residue] = 0;
    S[$tags] = tags | 257 << to;
    S[$top] = to;
  } else { $slow; }
}`);
const exchange = snippet(`{
  const tags = S[$tags], top = S[$top], other = top + $i & 7;
  if (S[$fast] > tz && (tags >> top & tags >> other & 257) === 257) {
    const h = D[$f + (top << 1)], l = D[$l + (top << 1)];
    D[$f + (top << 1)] = D[$f + (other << 1)];
    D[$l + (top << 1)] = D[$l + (other << 1)];
    D[$f + (other << 1)] = h;
    D[$l + (other << 1)] = l;
    D[$residue] = 0;
  } else { $slow; }
}`);
const copy = snippet(`{
  const tags = S[$tags], top = S[$top], to = top + $i & 7;
  if (S[$fast] > tz && (tags >> top & 257) === 257) {
    D[$f + (to << 1)] = D[$f + (top << 1)];
    D[$l + (to << 1)] = D[$l + (top << 1)];
    D[$residue] = 0;
    S[$tags] = tags | 257 << to;
  } else { $slow; }
}`);
const copyPop = snippet(`{
  const tags = S[$tags], top = S[$top], to = top + $i & 7;
  if (S[$fast] > tz && (tags >> top & 257) === 257) {
    D[$f + (to << 1)] = D[$f + (top << 1)];
    D[$l + (to << 1)] = D[$l + (top << 1)];
    D[$residue] = 0;
    S[$tags] = (tags | 257 << to) & ~(1 << top);
    S[$top] = top + 1 & 7;
  } else { $slow; }
}`);
/** Numbers that pairs have: zero, or of a magnitude within their range. */
const loadDouble = snippet(`$done: {
  const tags = S[$tags], to = S[$top] - 1 & 7;
  p = R[$a >>> 12] ^ $a;
  if (p >= 0 && ($a & 4095) <= 4088 && S[$fast] > tz && (tags >> to & 1) === 0) {
    const h = V.getFloat64(p, true), m = Math.abs(h);
    if (m >= 1e-120 && m <= 1e120 || h === 0) {
      D[$f + (to << 1)] = h;
      D[$l + (to << 1)] = 0;
      D[$residue] = 0;
      S[$tags] = tags | 257 << to;
      S[$top] = to;
      break $done;
    }
  }
  $slow;
}`);
const storeDouble = (pops: boolean): Snippet =>
  snippet(`{
  const tags = S[$tags], top = S[$top];
  p = W[$a >>> 12] ^ $a;
  if (p >= 0 && ($a & 4095) <= 4088 && S[$fast] > tz && (tags >> top & 257) === 257) {
    const h = D[$f + (top << 1)], lost = D[$l + (top << 1)] * h;
    V.setFloat64(p, h, true);
    D[$residue] = lost;
    if (lost !== 0) S[$inexact] = 32;
    ${pops ? 'S[$tags] = tags & ~(1 << top); S[$top] = top + 1 & 7;' : ''}
  } else { $slow; }
}`);
const storing = storeDouble(false);
const storingPop = storeDouble(true);

const moves: Readonly<Record<number, Snippet>> = {
  [X87Move.Load]: push,
  [X87Move.Exchange]: exchange,
  [X87Move.Store]: copy,
  [X87Move.StorePop]: copyPop,
  [X87Move.StorePopQuietly]: copyPop,
};

/** Emit a call of a helper on x87 registers, inlined; false when it has to be a call. */
export function inlineX87(v: VectorLanes, node: Call): boolean {
  const [first, second] = node.args;
  if (node.helper === 'x87Move' && first?.op === 'const') {
    const code = moves[first.value];
    if (code === undefined) return false;
    v.begin();
    v.emit(code, { ...places, $i: v.host.value(second!), $slow: v.slow(node) });
    return true;
  }
  if (node.helper !== 'x87LoadDouble' && node.helper !== 'x87StoreDouble') return false;
  v.begin();
  const $a = v.host.atom(v.host.value(first!));
  v.host.frame.useHelper(node.helper);
  const args = second === undefined ? [$a] : [$a, v.host.value(second)];
  const $slow: Statement[] = [js.statement(js.call(`h_${node.helper}`, ...args))];
  if (second === undefined) v.emit(loadDouble, { ...places, $a, $slow, $done: js.id(v.host.frame.temporary()) });
  else v.emit(second.op === 'const' && second.value === 1 ? storingPop : storing, { ...places, $a, $slow });
  return true;
}
