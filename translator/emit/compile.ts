/**
 * Text to function: prints a region's tree and lets the host compile it, closed over the machine's arrays.
 *
 * The arrays are parameters of an outer function that is called once, so that V8 sees them as constants of the closure
 * and folds their addresses into the code. Hosts that forbid code generation (a Content-Security-Policy without
 * 'unsafe-eval') make createCompiler return undefined; tier 0 then does all the work.
 */
import { generate } from 'astring';
import type { Program } from 'estree';
import type { ExecutionContext } from '../../runtime/abi/context.ts';
import type { RegionRun } from '../../runtime/abi/entries.ts';
import { Exit } from '../../runtime/abi/exit.ts';
import { BUDGET, EIP } from '../../runtime/abi/state.ts';
import { pureOperator } from '../ir/pure.ts';
import type { Compiler } from './compiler.ts';
import type { Statement } from './estree.ts';
import type { FunctionFrame } from './frame.ts';
import { DEPTH_PARAMETER, ENTRY_PARAMETER } from './names.ts';
import type { HostTraits } from './traits.ts';

export const scriptTraits: HostTraits = { learns: true, vectors: false, pairs: false, intrinsics: new Set() };

/** @param user bind CPL 3's TLB tables.  @returns undefined when the host forbids code generation. */
export function createCompiler(context: ExecutionContext, user: boolean): Compiler | undefined {
  try {
    new Function('');
  } catch {
    return undefined;
  }
  const { i8, u8, i16, u16, i32, view: V } = context.ram;
  const { read: R, write: W, execute: X } = user ? context.tlb.user : context.tlb.supervisor;
  const { memory } = context;
  const arrays: Readonly<Record<(typeof arrayNames)[number], unknown>> = {
    S: context.state,
    D: new Float64Array(
      context.state.buffer,
      context.state.byteOffset,
      context.state.byteLength / Float64Array.BYTES_PER_ELEMENT,
    ),
    SF: new Float32Array(
      context.state.buffer,
      context.state.byteOffset,
      context.state.byteLength / Float32Array.BYTES_PER_ELEMENT,
    ),
    f64: new Float64Array(i32.buffer),
    R,
    W,
    X,
    T: context.lines,
    V,
    i8,
    u8,
    i16,
    u16,
    i32,
  };
  const fixed: Record<string, unknown> = {
    ...Object.fromEntries(Object.entries(arrays).map(([name, array]) => [outer(name), array])),
    r8: (la: number) => memory.read8(la),
    r16: (la: number) => memory.read16(la),
    r32: (la: number) => memory.read32(la),
    w8: (la: number, value: number) => memory.write8(la, value),
    w16: (la: number, value: number) => memory.write16(la, value),
    w32: (la: number, value: number) => memory.write32(la, value),
    m8: (la: number) => memory.modify8(la),
    m16: (la: number) => memory.modify16(la),
    m32: (la: number) => memory.modify32(la),
  };
  const compile: Compiler['compile'] = (name, body, frame, { entries }) => {
    const values: Record<string, unknown> = { ...fixed, F: faultExit(context, frame.sites) };
    if (frame.calls) values['C'] = entries.call;
    for (const helper of frame.helpers) values[`h_${helper}`] = context.helpers[helper];
    for (const operator of frame.operators) values[`op_${operator}`] = pureOperator(operator);
    // Not indented: deep nesting would double the text that V8 has to scan.
    const source = functionText(name, body, frame, '');
    const factory = new Function(...Object.keys(values), source) as (...args: unknown[]) => RegionRun;
    return { run: factory(...Object.values(values)), source, size: source.length };
  };
  return { host: scriptTraits, compile };
}

/** Body of the function that makes a region's function. */
export function functionText(name: string, body: readonly Statement[], frame: FunctionFrame, indent = ' '): string {
  const program: Program = { type: 'Program', sourceType: 'script', body: [...body] };
  const text = generate(program, { indent });
  const { trainings } = frame;
  const counters = trainings.length === 0 ? '' : `var ${trainings.map((counter) => `${counter} = 0`).join(', ')};\n`;
  const arrays = arrayNames.filter((array) => text.includes(`${array}[`) || text.includes(`${array}.`));
  const locals =
    arrays.length === 0 ? '' : `const ${arrays.map((array) => `${array} = ${outer(array)}`).join(', ')};\n`;
  return `${counters}return function ${name}(${DEPTH_PARAMETER}, ${ENTRY_PARAMETER}) {\n${locals}${text}}\n//# sourceURL=xlat86/${name}.js`;
}

/**
 * Arrays, which each function takes into constants of its own before it does anything else: V8 then knows them, and
 * folds their addresses and lengths, in loops too, where it would look up what is around the function again.
 */
const arrayNames = ['S', 'D', 'SF', 'R', 'W', 'X', 'T', 'V', 'i8', 'u8', 'i16', 'u16', 'i32', 'f64'] as const;
const outer = (array: string): string => `${array}$`;

/** The end of a region's catch clause: EIP and budget at the faulting instruction. Foreign exceptions go on. */
function faultExit(context: ExecutionContext, sites: readonly number[]): (site: number, thrown: unknown) => Exit {
  const { state, fault } = context;
  return (site, thrown) => {
    if (thrown !== fault) throw thrown;
    state[EIP] = sites[2 * site]!;
    state[BUDGET]! += sites[2 * site + 1]!;
    return Exit.Fault;
  };
}
