/**
 * createTranslator: the two tiers behind the contract of runtime/abi/translator.ts.
 *
 * This folder is compile time: bytes in, micro-operations or JavaScript out. It may import runtime/abi and nothing else
 * of the runtime; src/ puts the two together.
 */
import type { ExecutionContext } from '../runtime/abi/context.ts';
import type { CallService } from '../runtime/abi/entries.ts';
import { type Feature, featureNames } from '../runtime/abi/feature.ts';
import { MODE_USER } from '../runtime/abi/mode.ts';
import type { Translator } from '../runtime/abi/translator.ts';
import { createDecoder, type Decoder } from './decode/index.ts';
import { createCompiler } from './emit/compile.ts';
import type { Compiler } from './emit/compiler.ts';
import { WasmBackEnd } from './emit/wasm/compiler.ts';
import { Tier0 } from './interp/tier0.ts';
import { rowsWith } from './isa/feature.ts';
import { rows } from './isa/index.ts';
import type { Row } from './isa/row.ts';
import { lift } from './lift.ts';
import type { RegionObserver } from './observer.ts';
import { optimise } from './passes/index.ts';
import { compileRegion } from './translate.ts';

export { printInstruction } from './decode/index.ts';
export { type ExplainedBlock, type ExplainedRegion, explainRegion } from './explain.ts';
export type { RegionObserver } from './observer.ts';

/** Kinds of generated code. */
export type CodeKind = 'javascript' | 'wasm';

export interface TranslatorOptions {
  /** Words of tier 0's arena (4 bytes each). */
  readonly arenaWords: number;
  /** What regions become; without WebAssembly in the host, JavaScript. */
  readonly code: CodeKind;
  /** Serves the calls that regions in WebAssembly make. */
  readonly calls: () => CallService;
  /** Nothing will be compiled. */
  readonly interpretsAll?: boolean;
  /** Groups of instructions that the processor has; all when left out. */
  readonly features?: ReadonlySet<Feature> | undefined;
  /** Guest instructions in regions of CPL 0 to 2; as many as usual when left out. */
  readonly supervisorInstructions?: number | undefined;
  /** Sees what goes into each region. Blocks are emitted as it leaves them: tests put mistakes in. */
  readonly observe?: RegionObserver | undefined;
}

const fullDecoder = createDecoder(rows);
/** Decoders of processors that lack something; models are few and live on. */
const decoders = new WeakMap<ReadonlySet<Feature>, Decoder<Row>>();

function decoderFor(features: ReadonlySet<Feature> | undefined): Decoder<Row> {
  if (features === undefined || featureNames.every((name) => features.has(name))) return fullDecoder;
  let decoder = decoders.get(features);
  if (decoder === undefined) {
    decoder = createDecoder(rowsWith(features));
    decoders.set(features, decoder);
  }
  return decoder;
}

export function createTranslator(context: ExecutionContext, options: TranslatorOptions): Translator {
  const decoder = decoderFor(options.features);
  const tier0 = new Tier0(context, options.arenaWords, options.interpretsAll ?? false);
  let backEnd: WasmBackEnd | undefined;
  const compilers: [supervisor: Compiler | undefined | null, user: Compiler | undefined | null] = [null, null];
  const create = (isUser: boolean): Compiler | undefined => {
    if (options.code === 'wasm') backEnd ??= WasmBackEnd.create(context, options.calls);
    return backEnd?.compiler(isUser) ?? createCompiler(context, isUser);
  };
  const compilerFor = (mode: number): Compiler | undefined => {
    const privilege = mode & MODE_USER ? 1 : 0;
    let compiler = compilers[privilege];
    if (compiler === null) {
      compiler = create(privilege === 1);
      compilers[privilege] = compiler;
    }
    return compiler;
  };
  return {
    arenaWords: tier0.arenaWords,
    translate(code, eip, mode, reserve) {
      const { block, crosses } = lift(decoder, code, eip, mode);
      optimise(block);
      const { start, words } = tier0.place(block, code.mapping, reserve);
      const { length, instructions } = block;
      return { eip, length, instructions, mode, crosses, start, words };
    },
    uncached: tier0.uncached,
    translateShort(code, eip, mode, instructions, reserve) {
      const { block } = lift(decoder, code, eip, mode, instructions);
      optimise(block);
      return tier0.place(block, 0, reserve).start;
    },
    interpret: (start, mode) => tier0.run(start, mode),
    link: (position, start, far) => tier0.link(position, start, far),
    remember: (eip, start) => tier0.remember(eip, start),
    forget: (eip, start) => tier0.forget(eip, start),
    setHeat: (start, executions) => tier0.setHeat(start, executions),
    heat: (start) => tier0.heat(start),
    targets: (start) => tier0.targets(start),
    locate: (start, position) => tier0.locate(start, position),
    compile(eip, mode, codeAt, profile, place) {
      const compiler = compilerFor(mode);
      if (compiler === undefined) return undefined;
      const maxInstructions = mode & MODE_USER ? undefined : options.supervisorInstructions;
      return compileRegion({
        decoder,
        compiler,
        eip,
        mode,
        codeAt,
        profile,
        place,
        maxInstructions,
        observe: options.observe,
      });
    },
  };
}
