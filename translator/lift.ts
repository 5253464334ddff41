/**
 * Guest bytes to IR: decodes instructions one after another and calls their rows' lifts until the block ends.
 *
 * A block ends at control transfers and VMM calls, at the page's end, or after a number of instructions. An
 * instruction that crosses into the next page forms a block of its own, so that only such blocks depend on two pages.
 */
import { MODE_BREAKPOINT, MODE_CODE32, MODE_SHADOW, MODE_TRAP } from '../runtime/abi/mode.ts';
import type { CodeBytes } from '../runtime/abi/translator.ts';
import { Vector } from '../runtime/abi/vector.ts';
import { type Decoder, MAX_LENGTH } from './decode/decoder.ts';
import type { Instruction } from './decode/instruction.ts';
import type { IrBlock } from './ir/block.ts';
import { IrBuilder } from './ir/builder.ts';
import type { Row } from './isa/row.ts';

/** Longest block, in guest instructions. */
const MAX_BLOCK_INSTRUCTIONS = 64;

/** One lifted block with the decoded instructions, for dumps. */
export interface LiftedBlock {
  readonly block: IrBlock;
  readonly instructions: readonly Instruction[];
  /** The block's only instruction lies on two pages. */
  readonly crosses: boolean;
}

/**
 * Lift the block at `eip`.
 * @param limit most instructions to take; 1 for exact single steps.
 * @throws GuestFault from `code.crossing` when the first instruction's second page cannot be fetched.
 */
export function lift(
  decoder: Decoder<Row>,
  code: CodeBytes,
  eip: number,
  mode: number,
  limit = MAX_BLOCK_INSTRUCTIONS,
): LiftedBlock {
  const ir = new IrBuilder(mode);
  const code32 = (mode & MODE_CODE32) !== 0;
  const most = mode & (MODE_TRAP | MODE_SHADOW | MODE_BREAKPOINT) ? 1 : limit;
  const page = code.bytes.subarray(0, code.end);
  const instructions: Instruction[] = [];
  let offset = code.offset;
  let at = eip;
  let crosses = false;
  while (ir.terminator === undefined) {
    if (instructions.length === most || (offset >= code.end && instructions.length > 0)) {
      ir.jump(at);
      break;
    }
    let insn = decoder.decode(page, offset, at, code32);
    if ('fault' in insn && insn.fault === 'truncated') {
      if (instructions.length > 0) {
        ir.jump(at);
        break;
      }
      insn = decoder.decode(code.crossing(), 0, at, code32);
      crosses = true;
    }
    if ('fault' in insn) {
      if (instructions.length > 0) ir.jump(at);
      else ir.faultAt(at, insn.fault === 'gp' ? Vector.GP : insn.fault === 'truncated' ? Vector.PF : Vector.UD);
      break;
    }
    instructions.push(insn);
    ir.begin(insn);
    if (instructions.length === 1) ir.beginBlock(insn);
    const row: Row = insn.row;
    if (row.lift === undefined) ir.fault(Vector.UD);
    else row.lift(ir, insn);
    offset += insn.length;
    at = insn.next;
    if (crosses && ir.terminator === undefined) {
      ir.jump(at);
      break;
    }
  }
  ir.endBlock(at - 1);
  // Bytes that are no instruction: any of those that one could have may have made it so.
  const undefinedBytes = crosses ? MAX_LENGTH : Math.min(MAX_LENGTH, code.end - code.offset);
  const length = instructions.length === 0 ? undefinedBytes : offset - code.offset;
  const block: IrBlock = {
    eip,
    length,
    instructions: Math.max(1, ir.instructions),
    mode,
    nodes: ir.nodes,
    terminator: ir.terminator!,
  };
  return { block, instructions, crosses };
}
