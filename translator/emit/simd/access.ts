/** Loads and stores of XMM registers: behind a test of the line table that others may share, or through the TLB. */
import type { Call } from '../../ir/node.ts';
import { constantOf } from '../../ir/ops.ts';
import type { Expression, Statement } from '../estree.ts';
import * as js from '../estree.ts';
import { ADDRESS_LOCAL } from '../names.ts';
import { assign } from '../real.ts';
import { registerOf, vectorAt } from './locals.ts';
import type { XmmRegisters } from './registers.ts';

type Emit = (x: XmmRegisters, node: Call) => void;

const place: Expression = js.id(ADDRESS_LOCAL);

/** (p = T[a >>> 12] ^ a, it is RAM, all of it on the page and aligned where it must be) */
function isDirect(table: 'R' | 'W', address: Expression, bytes: number, aligned: boolean): Expression {
  const word = js.at(table, js.binary('>>>', address, js.num(12)));
  const found = js.assign(place, js.binary('^', word, address));
  if (aligned) {
    const bits = js.binary('&', place, js.num(-0x80000000 | (bytes - 1)));
    return js.sequence(found, js.binary('===', bits, js.num(0)));
  }
  const fits = js.binary('<=', js.binary('&', address, js.num(4095)), js.num(4096 - bytes));
  return js.and(js.sequence(found, js.binary('>=', place, js.num(0))), fits);
}

const view = (name: string, ...args: Expression[]): Expression => js.method('V', name, ...args, js.literal(true));

/** Leave where an address is not aligned to 16 bytes, for tier 0 to raise #GP. */
function requireAligned(x: XmmRegisters, address: Expression): void {
  x.host.add(js.unlikely(js.binary('!==', js.binary('&', address, js.num(15)), js.num(0)), x.host.leave()));
}

function slowAccess(x: XmmRegisters, node: Call, address: Expression): Expression {
  x.host.frame.useHelper(node.helper);
  return js.call(`h_${node.helper}`, js.num(constantOf(node.args[0]!)), address);
}

/** Load from slot's address. */
const load =
  (bytes: 8 | 16, aligned: boolean, zeroAbove: boolean): Emit =>
  (x, node) => {
    const slot = constantOf(node.args[0]!);
    const address = x.host.atom(x.host.value(node.args[1]!));
    const name = bytes === 8 ? 'getFloat64' : 'getVector';
    let loaded: Expression;
    if (node.test !== undefined) {
      if (aligned) requireAligned(x, address);
      loaded = view(name, js.binary('>>>', address, js.num(0)));
    } else {
      const kept = bytes === 8 ? js.at('D', js.num(slot >> 1)) : vectorAt(registerOf(slot));
      loaded = js.likely(
        isDirect('R', address, bytes, aligned),
        view(name, place),
        js.sequence(slowAccess(x, node, address), kept),
      );
    }
    if (bytes === 16) {
      x.setWhole(slot, loaded);
      return;
    }
    if (zeroAbove)
      x.setLanes(slot, [
        [loaded, false],
        [js.num(0), true],
      ]);
    else x.setLane(slot >> 1, loaded);
  };

const store =
  (bytes: 8 | 16, aligned: boolean): Emit =>
  (x, node) => {
    const slot = constantOf(node.args[0]!);
    const address = x.host.atom(x.host.value(node.args[1]!));
    const value = bytes === 8 ? x.lane(slot >> 1) : x.whole(slot);
    const name = bytes === 8 ? 'setFloat64' : 'setVector';
    if (node.test !== undefined) {
      if (aligned) requireAligned(x, address);
      x.host.add(js.statement(view(name, js.binary('>>>', address, js.num(0)), value)));
      return;
    }
    const kept: Statement =
      bytes === 8 ? assign(js.at('D', js.num(slot >> 1)), value) : assign(vectorAt(registerOf(slot)), value);
    x.host.add(
      js.usually(
        isDirect('W', address, bytes, aligned),
        [js.statement(view(name, place, value))],
        [kept, js.statement(slowAccess(x, node, address))],
      ),
    );
  };

export const accesses: Readonly<Partial<Record<Call['helper'], Emit>>> = {
  load64: load(8, false, false),
  load64Zero: load(8, false, true),
  load128: load(16, false, false),
  load128Aligned: load(16, true, false),
  store64: store(8, false),
  store128: store(16, false),
  store128Aligned: store(16, true),
};
