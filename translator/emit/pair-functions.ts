/**
 * The arithmetic of runtime/abi/pair.ts as functions that trees call with the four parts of two operands: they return the high
 * part of the result, or NaN where they are not certain of it, then with nothing written. The low part is at X87_LOW then,
 * C1 and PE are where they belong.
 */
import { PairOperation, pairOperation } from '../../runtime/abi/pair.ts';
import { X87_INEXACT, X87_LOW, X87_RESIDUE } from '../../runtime/abi/state.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import { specialise } from './specialise.ts';

const operations = {
  pairSum: PairOperation.Sum,
  pairProduct: PairOperation.Product,
  pairQuotient: PairOperation.Quotient,
  /** Of the second operand. */
  pairRoot: PairOperation.Root,
} as const;

export type PairFunction = keyof typeof operations;

export const pairFunctionNames: readonly PairFunction[] = Object.keys(operations) as PairFunction[];

/** Parameters of each: high and low part of both operands. */
export const pairParameters: readonly string[] = ['xh', 'xl', 'yh', 'yl'];

export function isPairFunction(name: string): boolean {
  return name in operations;
}

const PE = 32;
/** Parameters of pairOperation by position: the array, the operation, places of operands and residue. */
const OPERATION = 1;

/** The body of one of the functions. Where pairOperation writes its result are the parameters, which are not read any more. */
export function pairFunctionBody(name: PairFunction): Statement[] {
  const residue = js.at('D', js.num(X87_RESIDUE >> 1));
  return specialise(pairOperation.toString(), {
    known: new Map([[OPERATION, operations[name]]]),
    element(index, [, , a, b]) {
      const [place, part] = index.type === 'BinaryExpression' ? [index.left as Expression, 'l'] : [index, 'h'];
      if (place.type !== 'Identifier') throw new SyntaxError('an element has no plain index');
      if (place.name === a) return js.id(`x${part}`);
      return place.name === b ? js.id(`y${part}`) : residue;
    },
    result(isDone) {
      if (!isDone) return [js.ret(js.binary('/', js.num(0), js.num(0)))];
      return [
        js.statement(js.assign(js.at('D', js.num(X87_LOW >> 1)), js.id('xl'))),
        js.iff(js.binary('!==', residue, js.num(0)), [
          js.statement(js.assign(js.at('S', js.num(X87_INEXACT)), js.num(PE))),
        ]),
        js.ret(js.id('xh')),
      ];
    },
  });
}
