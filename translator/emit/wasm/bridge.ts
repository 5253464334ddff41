/**
 * Between regions in WebAssembly and the runtime in JavaScript: one small module for each machine, and one for each helper
 * that is used.
 *
 * Each region is a module of its own. It imports nothing that is JavaScript, lest V8 make a wrapper for every such import of
 * every module. So JavaScript is imported here, and what regions import are
 * functions of WebAssembly. Nor do they import the table of regions: each module that does gets a copy of the whole of it
 * (V8 11.3), so calls from region to region go through `call` below, which takes 6 ns.
 */
import type { ExecutionContext } from '../../../runtime/abi/context.ts';
import { type CallService, ENTRIES, ENTRY_SHIFT, MAX_CALL_DEPTH } from '../../../runtime/abi/entries.ts';
import { Exit } from '../../../runtime/abi/exit.ts';
import { BUDGET, EIP } from '../../../runtime/abi/state.ts';
import type { WasmTable, WebAssemblyHost } from '../../../runtime/abi/web-assembly.ts';
import { ByteWriter, type FunctionType, ModuleWriter, ValueType } from './binary.ts';
import { divideCode, divideLocals } from './divide.ts';
import { typedIntrinsics } from './intrinsics.ts';
import { NO_RESULT, Op } from './opcodes.ts';

const { I32 } = ValueType;
/** Regions that the table has room for at first. */
const REGIONS = 1024;

/** A function of so many words. */
export function wordFunction(args: number, hasResult: boolean): FunctionType {
  return { parameters: new Array<ValueType>(args).fill(I32), results: hasResult ? [I32] : [] };
}

const runType = wordFunction(2, true);
const enterType = wordFunction(3, true);
/** target, return address, depth, caller, ordinal, place of the entries. */
const callType = wordFunction(6, true);

type Script = (...args: number[]) => number;
/** A function that a module exports. */
export type WasmFunction = (...args: number[]) => number;

export class Bridge {
  readonly host: WebAssemblyHost;
  /** The host has vectors of 128 bits. */
  readonly vectors: boolean;
  /** Run a region: its number, depth, EIP. */
  readonly enter: (number: number, depth: number, eip: number) => number;
  /** What regions import. */
  readonly functions: Record<string, WasmFunction> = {};
  private readonly types = new Map<string, FunctionType>();
  private readonly table: WasmTable;
  private readonly context: ExecutionContext;
  /** Fault sites by the region's number. */
  private readonly sites: (readonly number[])[] = [];
  /** What was thrown last, by whatever regions called. */
  private thrown: unknown;

  /** @param service serves calls of regions; asked when they are made. */
  constructor(host: WebAssemblyHost, context: ExecutionContext, service: () => CallService) {
    this.host = host;
    this.vectors = hasVectors(host);
    this.context = context;
    const module = new ModuleWriter();
    module.importMemory('m', 'm', context.ram.memory.isShared);
    const enter = module.importFunction('s', 'enter', enterType);
    const proceed = module.importFunction('s', 'proceed', wordFunction(4, true));
    module.exportTable('table', REGIONS);
    module.exportFunction('enter', enterType, [], enterCode(module.type(runType)));
    const { byteOffset } = context.state;
    const call = module.exportFunction(
      'call',
      callType,
      [I32, I32],
      callCode(module.type(runType), byteOffset, enter, proceed),
    );
    module.name(call, 'call');
    const exports = this.instantiate(module.finish(), {
      enter: this.guarded((caller, ordinal, depth) => service().enter(caller!, ordinal!, depth!)),
      proceed: this.guarded((caller, ordinal, depth, exit) => service().proceed(caller!, ordinal!, depth!, exit!)),
    });
    this.table = exports['table'] as WasmTable;
    this.enter = exports['enter'] as Bridge['enter'];
    this.functions['call'] = exports['call'] as WasmFunction;
    this.types.set('call', callType);
    const { memory } = context;
    this.script('fault', wordFunction(2, true), (site, number) => this.fault(site!, number!));
    this.script('r8', wordFunction(1, true), (la) => memory.read8(la!));
    this.script('r16', wordFunction(1, true), (la) => memory.read16(la!));
    this.script('r32', wordFunction(1, true), (la) => memory.read32(la!));
    this.script('m8', wordFunction(1, true), (la) => memory.modify8(la!));
    this.script('m16', wordFunction(1, true), (la) => memory.modify16(la!));
    this.script('m32', wordFunction(1, true), (la) => memory.modify32(la!));
    this.script('w8', wordFunction(2, false), (la, value) => void memory.write8(la!, value!) as unknown as number);
    this.script('w16', wordFunction(2, false), (la, value) => void memory.write16(la!, value!) as unknown as number);
    this.script('w32', wordFunction(2, false), (la, value) => void memory.write32(la!, value!) as unknown as number);
  }

  private instantiate(
    bytes: Uint8Array,
    scripts: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> {
    const module = new this.host.Module(bytes);
    const { wasm } = this.context.ram.memory;
    return new this.host.Instance(module, { m: { m: wasm }, s: scripts, b: this.functions }).exports;
  }

  /** Make a function of JavaScript one that regions can import by a name. */
  script(name: string, type: FunctionType, script: Script): void {
    const module = new ModuleWriter();
    const index = module.importFunction('s', 'f', type);
    const code = new ByteWriter();
    type.parameters.forEach((_, parameter) => {
      code.byte(Op.LocalGet);
      code.unsigned(parameter);
    });
    code.byte(Op.Call);
    code.unsigned(index);
    module.exportFunction('f', type, [], code);
    this.define(name, type, module, { f: this.guarded(script) });
  }

  /** Functions of a module of their own, by the names that regions import them by. */
  add(bytes: Uint8Array, types: ReadonlyMap<string, FunctionType>): void {
    const exports = this.instantiate(bytes, {});
    for (const [name, type] of types) {
      this.functions[name] = exports[name] as WasmFunction;
      this.types.set(name, type);
    }
  }

  private define(name: string, type: FunctionType, module: ModuleWriter, scripts: Record<string, Script>): void {
    this.functions[name] = this.instantiate(module.finish(), scripts)['f'] as WasmFunction;
    this.types.set(name, type);
  }

  /** A division of 64 bits by 32 under the name of its helper, which is called when it faults. */
  divide(name: string, isSigned: boolean, helper: Script): void {
    const type = wordFunction(3, true);
    const module = new ModuleWriter();
    module.importMemory('m', 'm', this.context.ram.memory.isShared);
    const index = module.importFunction('s', 'f', type);
    const code = divideCode(isSigned, this.context.state.byteOffset, index);
    module.exportFunction('f', type, divideLocals, code);
    this.define(name, type, module, { f: this.guarded(helper) });
  }

  /** The type of what is imported by a name, if there is such. */
  typeOf(name: string): FunctionType | undefined {
    return this.types.get(name);
  }

  /** Compile a region's module and let its function be called by the region's number. */
  place(number: number, bytes: Uint8Array, sites: readonly number[]): void {
    const { table } = this;
    if (number >= table.length) table.grow(Math.max(table.length, number + 1 - table.length));
    table.set(number, this.instantiate(bytes, {})['f']);
    this.sites[number] = sites;
  }

  /** WebAssembly that catches an exception does not see what it is. */
  private guarded(script: Script): Script {
    return (a, b, c, d, e, f) => {
      try {
        return script(a!, b!, c!, d!, e!, f!);
      } catch (thrown) {
        this.thrown = thrown;
        throw thrown;
      }
    };
  }

  /** The end of a region's catch clause: EIP and budget at the faulting instruction. Foreign exceptions go on. */
  private fault(site: number, number: number): Exit {
    const { state, fault } = this.context;
    if (this.thrown !== fault) throw this.thrown;
    const sites = this.sites[number]!;
    state[EIP] = sites[2 * site]!;
    state[BUDGET]! += sites[2 * site + 1]!;
    return Exit.Fault;
  }
}

/** Does the host know what intrinsics.ts is made of? */
function hasVectors(host: WebAssemblyHost): boolean {
  const module = new ModuleWriter();
  const code = new ByteWriter();
  for (const byte of [Op.I32Const, 0, ...typedIntrinsics.get('i32x4_splat')!.code]) code.byte(byte);
  for (const byte of typedIntrinsics.get('v128_any_true')!.code) code.byte(byte);
  module.exportFunction('f', wordFunction(0, true), [], code);
  try {
    new host.Module(module.finish());
    return true;
  } catch {
    return false;
  }
}

function enterCode(type: number): ByteWriter {
  const code = new ByteWriter();
  for (const byte of [Op.LocalGet, 1, Op.LocalGet, 2, Op.LocalGet, 0, Op.CallIndirect]) code.byte(byte);
  code.unsigned(type);
  code.byte(0);
  return code;
}

/** RegionEntries.call of runtime/abi/entries.ts, with the entries in memory. */
function callCode(type: number, state: number, enter: number, proceed: number): ByteWriter {
  const [target, returnTo, depth, caller, ordinal, entries, at, exit] = [0, 1, 2, 3, 4, 5, 6, 7];
  const code = new ByteWriter();
  const op = (...bytes: number[]): void => {
    for (const byte of bytes) code.byte(byte);
  };
  const constant = (value: number): void => {
    op(Op.I32Const);
    code.signed(value);
  };
  const access = (opcode: number, offset: number): void => {
    op(opcode, 2);
    code.unsigned(offset);
  };
  // at = entries + 4 * entryIndex(target)
  op(Op.LocalGet, target!, Op.LocalGet, target!);
  constant(ENTRY_SHIFT);
  op(Op.I32ShrU, Op.I32Xor);
  constant(ENTRIES - 1);
  op(Op.I32And);
  constant(2);
  op(Op.I32Shl, Op.LocalGet, entries!, Op.I32Add, Op.LocalTee, at!);
  access(Op.I32Load, 0);
  op(Op.LocalGet, target!, Op.I32Eq, Op.LocalGet, depth!);
  constant(MAX_CALL_DEPTH);
  op(Op.I32LtS, Op.I32And, Op.If, I32);
  op(Op.LocalGet, depth!);
  constant(1);
  op(Op.I32Add, Op.LocalGet, target!, Op.LocalGet, at!);
  access(Op.I32Load, 4 * ENTRIES);
  op(Op.CallIndirect);
  code.unsigned(type);
  op(0, Op.Else);
  constant(0);
  op(Op.LocalGet, target!);
  access(Op.I32Store, state + 4 * EIP);
  op(Op.LocalGet, caller!, Op.LocalGet, ordinal!, Op.LocalGet, depth!, Op.Call, enter, Op.End, Op.LocalTee, exit!);
  constant(Exit.Indirect);
  op(Op.I32Eq);
  constant(0);
  access(Op.I32Load, state + 4 * EIP);
  op(Op.LocalGet, returnTo!, Op.I32Eq, Op.I32And, Op.If, NO_RESULT, Op.LocalGet, exit!, Op.Return, Op.End);
  op(Op.LocalGet, caller!, Op.LocalGet, ordinal!, Op.LocalGet, depth!, Op.LocalGet, exit!, Op.Call, proceed);
  return code;
}
