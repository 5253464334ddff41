/**
 * SSE4.2's text instructions: rows and lifts of PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM.
 *
 * Source: SDM vol. 2B §4.1, vol. 2D table A-5.
 */
import { EAX, ECX, EDX, SCRATCH, XMM } from '../../runtime/abi/state.ts';
import type { Instruction } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { Ib, Vdq, Wdq } from './operands.ts';
import { type Lift, type Row, row } from './row.ts';
import { lanes, requireSse, source, xmm } from './sse-lift.ts';
import { setStatus } from './status.ts';

/** Control byte: words instead of bytes; the last match instead of the first. Bit 8 is the helper's. */
const WORDS = 1;
const LAST = 0x40;
const EXPLICIT = 0x100;

/** Compare, set the flags; AF and PF are cleared. */
function compare(ir: IrBuilder, { operands: [first, second, control] }: Instruction, explicit: boolean): Value {
  const from = source(ir, second, true);
  const how = ir.immediate(control) | (explicit ? EXPLICIT : 0);
  const zero = ir.const(0);
  const lengths = explicit ? [ir.get(EAX), ir.get(EDX)] : [zero, zero];
  const mask = lanes(ir, 'compareText', xmm(first), from, how, ...lengths);
  const image = ir.get(SCRATCH);
  setStatus(ir, image);
  ir.flags('rotate', ir.and(image, ir.const(1)), ir.shl(image, ir.const(20)), zero);
  return mask;
}

/** PCMPxSTRI: ECX := the first or last match, or the number of elements where there is none. */
const indexOf =
  (explicit: boolean): Lift =>
  (ir, insn) => {
    const control = ir.immediate(insn.operands[2]);
    const mask = compare(ir, insn, explicit);
    const elements = control & WORDS ? 8 : 16;
    // A bit behind the mask stands for no match.
    const found = ir.pure('ctz', ir.or(mask, ir.const(1 << elements)));
    const last = ir.sub(ir.const(31), ir.pure('clz', mask));
    const index = control & LAST ? ir.select(ir.eq(mask, ir.const(0)), ir.const(elements), last) : found;
    ir.set(ECX, index);
  };

/** PCMPxSTRM: XMM0 := the matches, as bits or as elements of ones. */
const maskOf =
  (explicit: boolean): Lift =>
  (ir, insn) => {
    const mask = compare(ir, insn, explicit);
    lanes(ir, 'spreadMask', XMM, mask, ir.immediate(insn.operands[2]));
  };

/** String comparison on XMM registers. */
// biome-ignore format: opcode table
export const sseText: readonly Row[] = requireSse([
  row('66 0F 3A 60', 'PCMPESTRM', [Vdq, Wdq, Ib], maskOf(true)),
  row('66 0F 3A 61', 'PCMPESTRI', [Vdq, Wdq, Ib], indexOf(true)),
  row('66 0F 3A 62', 'PCMPISTRM', [Vdq, Wdq, Ib], maskOf(false)),
  row('66 0F 3A 63', 'PCMPISTRI', [Vdq, Wdq, Ib], indexOf(false)),
]);
