/**
 * A region's tree as WebAssembly: one function in a module of its own (bridge.ts says why).
 *
 * Against the JavaScript of the same tree: V8 has machine code for it at once, and optimises it in the background from what
 * stands there, not from what has run; so it never throws optimised code away.
 */
import { helperSignatures } from '../../../runtime/abi/calls.ts';
import type { ExecutionContext } from '../../../runtime/abi/context.ts';
import { type CallService, clearKeys, ENTRY_WORDS } from '../../../runtime/abi/entries.ts';
import type { HelperSignature } from '../../../runtime/abi/signature.ts';
import { webAssembly } from '../../../runtime/abi/web-assembly.ts';
import { type PureName, pureOperator } from '../../ir/pure.ts';
import type { Compiler } from '../compiler.ts';
import { DEPTH_PARAMETER, ENTRY_PARAMETER } from '../names.ts';
import { isPairFunction, pairFunctionNames } from '../pair-functions.ts';
import { ByteWriter, ModuleWriter } from './binary.ts';
import { Bridge, wordFunction } from './bridge.ts';
import { type ArrayAccess, type Environment, elements, type ImportedFunction } from './environment.ts';
import { ExpressionEncoder, intrinsicOperators } from './expressions.ts';
import { Locals } from './locals.ts';
import { pairModule } from './pairs.ts';
import { StatementEncoder } from './statements.ts';

/** Makes compilers for one machine. */
export class WasmBackEnd {
  private readonly context: ExecutionContext;
  private readonly bridge: Bridge;
  /** Entries that no region is ever among. */
  private readonly noEntries: number;

  private constructor(context: ExecutionContext, bridge: Bridge) {
    this.context = context;
    this.bridge = bridge;
    const keys = context.ram.memory.words(ENTRY_WORDS);
    clearKeys(keys);
    this.noEntries = keys.byteOffset;
  }

  /** @returns undefined when the host has no WebAssembly, or forbids it. */
  static create(context: ExecutionContext, service: () => CallService): WasmBackEnd | undefined {
    if (webAssembly === undefined || context.ram.memory.wasm === undefined) return undefined;
    try {
      return new WasmBackEnd(context, new Bridge(webAssembly, context, service));
    } catch {
      return undefined;
    }
  }

  /** @param user bind CPL 3's TLB tables. */
  compiler(user: boolean): Compiler {
    const { context, bridge } = this;
    const arrays = this.arrays(user);
    const { buffer } = context.ram.memory;
    return {
      host: { learns: false, vectors: bridge.vectors, pairs: true, intrinsics: intrinsicOperators },
      compile: (name, body, frame, { number, entries }) => {
        const module = new ModuleWriter();
        module.importMemory('m', 'm', context.ram.memory.isShared);
        const { keys } = entries;
        const space = keys.buffer === buffer ? keys.byteOffset : this.noEntries;
        const trailing: Readonly<Record<string, number>> = { call: space, fault: number };
        const imports = new Map<string, ImportedFunction>();
        const environment: Environment = {
          arrays,
          call: (called) => {
            let known = imports.get(called);
            if (known === undefined) {
              const imported = runtimeNames[called] ?? called;
              if (isPairFunction(imported)) this.addPairs();
              const type = bridge.typeOf(imported) ?? this.addScript(imported);
              const index = module.importFunction('b', imported, type);
              known = { ...type, index, trailing: trailing[imported] };
              imports.set(called, known);
            }
            return known;
          },
        };
        const locals = new Locals([DEPTH_PARAMETER, ENTRY_PARAMETER]);
        locals.count(body);
        const code = new ByteWriter();
        const expressions = new ExpressionEncoder(code, locals, environment);
        new StatementEncoder(expressions, locals).list(body);
        const index = module.exportFunction('f', wordFunction(2, true), locals.types, code);
        module.name(index, name);
        module.expect(index, expressions.hints);
        const bytes = module.finish();
        bridge.place(number, bytes, frame.sites);
        const { enter } = bridge;
        return { run: (depth, eip) => enter(number, depth, eip), source: '', size: bytes.length };
      },
    };
  }

  private arrays(user: boolean): Readonly<Record<string, ArrayAccess>> {
    const { state, lines, tlb } = this.context;
    const { read, write, execute } = user ? tlb.user : tlb.supervisor;
    const at = ({ byteOffset }: { byteOffset: number }, element: Omit<ArrayAccess, 'base'>): ArrayAccess => ({
      ...element,
      base: byteOffset,
    });
    const { i8, u8, i16, u16, i32, f32, f64, v128 } = elements;
    const ram = { byteOffset: 0 };
    return {
      S: at(state, i32),
      D: at(state, f64),
      SF: at(state, f32),
      Q: at(state, v128),
      R: at(read, i32),
      W: at(write, i32),
      X: at(execute, i32),
      ...(lines && { T: at(lines, u8) }),
      i8: at(ram, i8),
      u8: at(ram, u8),
      i16: at(ram, i16),
      u16: at(ram, u16),
      i32: at(ram, i32),
      f64: at(ram, f64),
    };
  }

  /** Make the arithmetic on pairs what regions can import, once. */
  private addPairs(): void {
    const { bridge, context } = this;
    if (bridge.typeOf(pairFunctionNames[0]!) !== undefined) return;
    const { bytes, types } = pairModule(this.arrays(false), context.ram.memory.isShared);
    bridge.add(bytes, types);
  }

  /** Make a helper or an operator, as the tree calls it, one that regions can import. */
  private addScript(name: string): ReturnType<typeof wordFunction> {
    const [kind, rest] = [name.slice(0, name.indexOf('_')), name.slice(name.indexOf('_') + 1)];
    if (kind === 'op') {
      const operator = pureOperator(rest as PureName) as (...args: number[]) => number;
      const type = wordFunction(operator.length, true);
      this.bridge.script(name, type, operator);
      return type;
    }
    const helper = rest as keyof typeof helperSignatures;
    const { args }: HelperSignature = helperSignatures[helper];
    // Some without a result tell the tree something nevertheless (lanes.ts).
    const type = wordFunction(args, true);
    const script = this.context.helpers[helper];
    if (helper === 'div32' || helper === 'idiv32') this.bridge.divide(name, helper === 'idiv32', script);
    else this.bridge.script(name, type, script);
    return type;
  }
}

/** Functions of the tree under the bridge's names. */
const runtimeNames: Readonly<Record<string, string>> = { C: 'call', F: 'fault' };
