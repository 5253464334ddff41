// What translating for tier 0 costs, stage by stage, on the code of the kernels: decode, lift, passes, encode, and all
// of it as a miss in the cache.
import { MODE_FLAT_USER32 } from '../../../runtime/abi/mode.ts';
import { STATE_SLOTS } from '../../../runtime/abi/state.ts';
import type { CodeBytes } from '../../../runtime/abi/translator.ts';
import { createDecoder } from '../../../translator/decode/index.ts';
import { ConstantSlots } from '../../../translator/interp/constants.ts';
import { encode } from '../../../translator/interp/encode.ts';
import type { IrBlock } from '../../../translator/ir/block.ts';
import { rows } from '../../../translator/isa/index.ts';
import { lift } from '../../../translator/lift.ts';
import { optimise } from '../../../translator/passes/index.ts';
import { loadSegments } from './elf.ts';
import { BenchMachine } from './machine.ts';
import { each, type Figure, measure, rate } from './measure.ts';

const MEGABYTE = 1e6;
const MICROSECOND = 1e-6;
const decoder = createDecoder(rows);

/** Where a block starts. */
interface Start {
  readonly code: CodeBytes;
  readonly eip: number;
}

/** Code of all programs, cut into blocks in the order of addresses. */
interface Corpus {
  readonly starts: readonly Start[];
  readonly bytes: number;
  /** Offsets of all instructions. */
  readonly offsets: readonly { readonly text: Uint8Array; readonly offset: number; readonly eip: number }[];
}

function collect(programs: readonly Uint8Array[]): Corpus {
  const starts: Start[] = [];
  const offsets: { text: Uint8Array; offset: number; eip: number }[] = [];
  let bytes = 0;
  for (const program of programs) {
    const text = loadSegments(program).segments.find(({ executable }) => executable)!;
    for (let offset = 0; offset < text.bytes.length; ) {
      const eip = text.la + offset;
      const crossing = (): Uint8Array => text.bytes.subarray(offset, offset + 15);
      const end = Math.min(text.bytes.length, (offset | 4095) + 1);
      const code: CodeBytes = { bytes: text.bytes, offset, end, mapping: 0, crossing };
      const { block, instructions: decoded, crosses } = lift(decoder, code, eip, MODE_FLAT_USER32);
      for (const insn of decoded) offsets.push({ text: text.bytes, offset: insn.eip - text.la, eip: insn.eip });
      // Padding between functions, or an instruction on two pages, which has a slow path of its own: not timed.
      if (!crosses && decoded.length > 0) {
        starts.push({ code, eip });
        bytes += block.length;
      }
      offset += block.length;
    }
  }
  return { starts, bytes, offsets };
}

/** @param seconds for each measurement. @param announce is told what comes next. */
export function measureTranslation(
  programs: readonly Uint8Array[],
  seconds: number,
  announce: (name: string) => void,
): Figure[] {
  const { starts, bytes, offsets } = collect(programs);
  const figures: Figure[] = [];
  const stage = (name: string, work: () => void): void => {
    announce(name);
    const cost = measure(name, seconds, work);
    figures.push(rate('translation', name, 'MB/s of guest code', bytes / MEGABYTE, cost));
    figures.push(each('translation', `${name}, a block`, 'µs', starts.length, MICROSECOND, cost));
  };

  announce('decode');
  let length = 0;
  const decoding = measure('decode', seconds, () => {
    for (const { text, offset, eip } of offsets) length += decoder.decode(text, offset, eip, true).length;
  });
  if (length === 0) throw new Error('nothing was decoded');
  figures.push(rate('translation', 'decode', 'million instructions/s', offsets.length / 1e6, decoding));
  figures.push(rate('translation', 'decode, bytes', 'MB/s of guest code', bytes / MEGABYTE, decoding));

  const liftAll = (): IrBlock[] => starts.map(({ code, eip }) => lift(decoder, code, eip, MODE_FLAT_USER32).block);
  stage('decode and lift', () => void liftAll());
  stage('decode, lift and passes', () => {
    for (const block of liftAll()) optimise(block);
  });
  const blocks = liftAll();
  for (const block of blocks) optimise(block);
  const constants = new ConstantSlots(new Int32Array(STATE_SLOTS));
  stage('encode for tier 0', () => {
    for (const block of blocks) encode(block, constants);
  });
  announce('misses');
  figures.push(measureMisses(programs[0]!, seconds));
  return figures;
}

/** The same through the cache, as a running guest pays for it in tier 0. */
function measureMisses(program: Uint8Array, seconds: number): Figure {
  const { starts } = collect([program]);
  const machine = new BenchMachine('0');
  machine.load(program);
  const text = loadSegments(program).segments.find(({ executable }) => executable)!;
  const cost = measure('misses', seconds, () => {
    machine.write(text.la, text.bytes);
    for (const { eip } of starts) {
      machine.goTo(eip);
      machine.cpu.cache.current();
    }
  });
  return each('translation', 'miss in the cache, a block', 'µs', starts.length, MICROSECOND, cost);
}
