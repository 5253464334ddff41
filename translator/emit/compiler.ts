/**
 * What becomes of a region's tree: a JavaScript function (compile.ts), or one of WebAssembly (wasm/compiler.ts).
 *
 * Both come from the same tree, so what a region does is said once. The tree differs in little (traits.ts).
 */
import type { RegionRun } from '../../runtime/abi/entries.ts';
import type { RegionPlace } from '../../runtime/abi/translator.ts';
import type { Statement } from './estree.ts';
import type { FunctionFrame } from './frame.ts';
import type { HostTraits } from './traits.ts';

export interface CompiledFunction {
  readonly run: RegionRun;
  /** Its JavaScript, or nothing. */
  readonly source: string;
  /** Characters, or bytes. */
  readonly size: number;
}

/** Compiles region functions for one privilege level. */
export interface Compiler {
  readonly host: HostTraits;
  compile(name: string, body: readonly Statement[], frame: FunctionFrame, place: RegionPlace): CompiledFunction;
}
