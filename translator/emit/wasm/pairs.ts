/** The arithmetic on pairs of doubles (pair-functions.ts) as a module of WebAssembly that regions import from. */
import { pairFunctionBody, pairFunctionNames, pairParameters } from '../pair-functions.ts';
import { ByteWriter, type FunctionType, ModuleWriter, ValueType } from './binary.ts';
import type { ArrayAccess } from './environment.ts';
import { ExpressionEncoder } from './expressions.ts';
import { Locals } from './locals.ts';
import { Op } from './opcodes.ts';
import { StatementEncoder } from './statements.ts';

const { F64 } = ValueType;
const type: FunctionType = { parameters: pairParameters.map(() => F64), results: [F64] };

/** @param arrays where the tree's arrays stand. */
export function pairModule(
  arrays: Readonly<Record<string, ArrayAccess>>,
  isShared: boolean,
): { readonly bytes: Uint8Array; readonly types: ReadonlyMap<string, FunctionType> } {
  const module = new ModuleWriter();
  module.importMemory('m', 'm', isShared);
  for (const name of pairFunctionNames) {
    const body = pairFunctionBody(name);
    const locals = new Locals(pairParameters, 'f64');
    const code = new ByteWriter();
    const call = (called: string): never => {
      throw new SyntaxError(`${called} is called in ${name}`);
    };
    new StatementEncoder(new ExpressionEncoder(code, locals, { arrays, call }), locals, 'f64').list(body);
    // A function's end is never reached: each of them returns.
    code.byte(Op.Unreachable);
    module.name(module.exportFunction(name, type, locals.types, code), name);
  }
  return { bytes: module.finish(), types: new Map(pairFunctionNames.map((name) => [name, type])) };
}
