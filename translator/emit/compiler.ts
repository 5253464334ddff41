/**
 * What becomes of a region's tree: a JavaScript function (compile.ts), or one of WebAssembly (wasm/compiler.ts).
 *
 * Both come from the same tree, so what a region does is said once. The tree differs in little: see HostTraits.
 */
import type { RegionRun } from '../../runtime/abi/entries.ts';
import type { RegionPlace } from '../../runtime/abi/translator.ts';
import type { Statement } from './estree.ts';
import type { FunctionFrame } from './frame.ts';

export interface CompiledFunction {
  readonly run: RegionRun;
  /** Its JavaScript, or nothing. */
  readonly source: string;
  /** Characters, or bytes. */
  readonly size: number;
}

/** How a tree is to be, for one kind of code. */
export interface HostTraits {
  /**
   * Code is optimised with what its first runs have shown, and thrown away when it does what they have not: so blocks
   * take their slow paths once (lanes.ts).
   */
  readonly learns: boolean;
  /** Operators of ir/pure.ts that are to be called by name. */
  readonly intrinsics: ReadonlySet<string>;
}

/** Compiles region functions for one privilege level. */
export interface Compiler {
  readonly host: HostTraits;
  compile(name: string, body: readonly Statement[], frame: FunctionFrame, place: RegionPlace): CompiledFunction;
}
