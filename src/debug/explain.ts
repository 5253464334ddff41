/**
 * `xlat86 explain` as text: guest bytes with every stage of their translation, in the sections of a block fixture
 * (fixtures/blocks/).
 */
import {
  MODE_CODE32,
  MODE_FLAT_USER32,
  MODE_IDENTITY,
  MODE_PROTECTED,
  MODE_STACK32,
  MODE_USER,
  MODE_VM86,
} from '../../runtime/abi/mode.ts';
import type { CodeBytes } from '../../runtime/abi/translator.ts';
import { type ExplainedBlock, type ExplainedRegion, explainRegion, printInstruction } from '../../translator/index.ts';
import { parseElf } from '../linux/elf.ts';

/** Longest instruction, in bytes (SDM vol. 2A §2.3.11). */
const MAX_LENGTH = 15;

/** Modes by the words that explain and block fixtures use: 32- and 16-bit user mode with flat segments, and others. */
export const modes: Readonly<Record<string, number>> = {
  '32': MODE_FLAT_USER32 | MODE_IDENTITY,
  '32 paged': MODE_FLAT_USER32,
  '16': MODE_FLAT_USER32 & ~(MODE_CODE32 | MODE_STACK32),
  '32 supervisor': MODE_FLAT_USER32 & ~MODE_USER,
  '32 based': MODE_CODE32 | MODE_STACK32 | MODE_USER | MODE_PROTECTED,
  '16 real': 0,
  '16 virtual-8086': MODE_PROTECTED | MODE_VM86 | MODE_USER,
  '16 on a 32-bit stack': MODE_FLAT_USER32 & ~MODE_CODE32,
};

/** Something that cannot be explained; `message` is one line for the user. */
export class ExplainError extends Error {}

/** Guest bytes at an address. */
export interface Stretch {
  /** EIP of the first byte (u32). */
  readonly eip: number;
  readonly bytes: Uint8Array;
}

/** The stretch of an executable that holds `eip`. @throws ExplainError, LoadError. */
export function stretchOf(program: Uint8Array, name: string, eip: number): Stretch {
  const image = parseElf(program, name);
  const segment = image.segments.find(({ address, memorySize }) => eip >= address && eip < address + memorySize);
  if (segment === undefined)
    throw new ExplainError(`${name}: no segment at ${hex(eip)}; the entry is ${hex(image.entry)}`);
  const { address, fileOffset, fileSize } = segment;
  if (eip >= address + fileSize) throw new ExplainError(`${name}: ${hex(eip)} is not in the file (zeros at the start)`);
  return { eip: address, bytes: program.subarray(fileOffset, fileOffset + fileSize) };
}

/**
 * All stages of the block at `eip`.
 * @param follow take in the blocks that it leads to as well, as a hot region would.
 * @throws ExplainError when the bytes end within its first instruction.
 */
export function explain(stretch: Stretch, eip: number, mode: number, follow: boolean): ExplainedRegion {
  const codeAt = (at: number): CodeBytes | undefined => {
    const offset = (at >>> 0) - stretch.eip;
    if (offset < 0 || offset >= stretch.bytes.length || (!follow && at !== eip)) return undefined;
    const { bytes } = stretch;
    const pageEnd = offset + 4096 - (at & 4095);
    const wholePage = pageEnd < bytes.length;
    return {
      bytes,
      offset,
      end: wholePage ? pageEnd : bytes.length,
      mapping: 0,
      crossing: () => {
        if (!wholePage) throw new ExplainError(`the bytes end within the instruction at ${hex(at)}`);
        return bytes.subarray(offset, offset + MAX_LENGTH);
      },
    };
  };
  const region = explainRegion(eip, mode, codeAt);
  if (region === undefined)
    throw new ExplainError(`the instruction at ${hex(eip)} lies on two pages, so it runs in tier 0 alone`);
  return region;
}

/** The sections of an explained region; with several blocks, each one's address stands before its own. */
export function printRegion(region: ExplainedRegion, stretch: Stretch): string {
  const { blocks, javascript } = region;
  const parts = blocks.map((block) => {
    const title = blocks.length > 1 ? `block ${address(block.eip)}\n` : '';
    return `${title}== asm\n${printCode(block, stretch)}== ir\n${block.lifted}== opt\n${block.optimised}== tier 0\n${block.microOps}`;
  });
  return `${parts.join('\n')}== js\n${javascript}\n`;
}

/** Guest instructions with addresses and bytes. */
export function printCode({ instructions }: Pick<ExplainedBlock, 'instructions'>, { eip, bytes }: Stretch): string {
  const lines = instructions.map((insn) => {
    const offset = (insn.eip >>> 0) - eip;
    const raw = [...bytes.subarray(offset, offset + insn.length)].map((byte) => byte.toString(16).padStart(2, '0'));
    return `${address(insn.eip)}  ${raw.join(' ').padEnd(24)}${printInstruction(insn)}\n`;
  });
  return lines.length === 0 ? 'no instruction\n' : lines.join('');
}

function address(eip: number): string {
  return (eip >>> 0).toString(16).padStart(8, '0');
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
