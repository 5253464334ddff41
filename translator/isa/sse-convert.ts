/**
 * Conversions: rows and lifts of CVT and CVTT between single, double, 32-bit integer and general or MMX registers.
 *
 * Source: SDM vol. 2D table A-3.
 */
import { VECTOR_SCRATCH } from '../../runtime/abi/state.ts';
import type { IrBuilder } from '../ir/builder.ts';
import { Ey, Gy, Pq, Qq, Vdq, Vpd, Vps, Vsd, Vss, Wdq, Wpd, Wps, Wq, Wsd, Wss } from './operands.ts';
import { beginMmx, endMmx, mm, mmSource, moveWords } from './packed-lift.ts';
import { type Lift, type Row, row } from './row.ts';
import { binary, lanes, requireSse, source, xmm } from './sse-lift.ts';

/** A general register or memory to a scalar; the other lanes stay. */
const fromInteger =
  (helper: 'cvtsi2ss' | 'cvtsi2sd'): Lift =>
  (ir, { operands: [dst, src] }) => {
    lanes(ir, helper, xmm(dst), ir.load(src!));
  };

/** A scalar to a general register. */
const toInteger =
  (helper: 'cvtss2si' | 'cvtsd2si' | 'cvttss2si' | 'cvttsd2si'): Lift =>
  (ir, { operands: [dst, src] }) => {
    ir.store(dst!, lanes(ir, helper, source(ir, src)));
  };

/** The second scratch register, for results that are moved on. */
const RESULT: number = VECTOR_SCRATCH + 4;

/**
 * Conversions with MMX registers are MMX instructions even where they raise #XM, as seen on an AMD CPU: the x87's tags
 * and TOP have changed by then. So that change is a helper's here, before the one that may raise.
 */
function enterMmx(ir: IrBuilder): void {
  ir.call('mmxEnter');
}

/**
 * Two integers of an MMX register or memory to two singles, whereby the upper ones stay, or to doubles. With a memory
 * operand it has nothing to do with MMX.
 */
const fromMmx =
  (helper: 'cvtdq2ps' | 'cvtdq2pd'): Lift =>
  (ir, { operands: [dst, src] }) => {
    const isMmx = src?.kind !== 'memory';
    if (isMmx) beginMmx(ir);
    const from = mmSource(ir, src);
    if (isMmx) enterMmx(ir);
    if (helper === 'cvtdq2ps') {
      // Zeros in the upper lanes raise nothing.
      moveWords(ir, VECTOR_SCRATCH, [from, from + 1, -1, -1]);
      lanes(ir, helper, RESULT, VECTOR_SCRATCH);
      lanes(ir, 'move64', xmm(dst), RESULT);
    } else lanes(ir, helper, xmm(dst), from);
    if (isMmx) endMmx(ir);
  };

/** Two singles or doubles to integers in an MMX register. */
const toMmx =
  (helper: 'cvtps2dq' | 'cvttps2dq' | 'cvtpd2dq' | 'cvttpd2dq'): Lift =>
  (ir, { operands: [dst, src] }) => {
    beginMmx(ir);
    let from = source(ir, src);
    enterMmx(ir);
    if (helper.includes('ps')) {
      moveWords(ir, VECTOR_SCRATCH, [from, from + 1, -1, -1]);
      from = VECTOR_SCRATCH;
    }
    lanes(ir, helper, RESULT, from);
    lanes(ir, 'move64', mm(dst), RESULT);
    endMmx(ir, mm(dst));
  };

/** Conversions between floating-point and integer formats. */
// biome-ignore format: opcode table
export const sseConvert: readonly Row[] = requireSse([
  row('NP 0F 2A', 'CVTPI2PS',  [Vps, Qq],  fromMmx('cvtdq2ps')),
  row('66 0F 2A', 'CVTPI2PD',  [Vpd, Qq],  fromMmx('cvtdq2pd')),
  row('F3 0F 2A', 'CVTSI2SS',  [Vss, Ey],  fromInteger('cvtsi2ss')),
  row('F2 0F 2A', 'CVTSI2SD',  [Vsd, Ey],  fromInteger('cvtsi2sd')),
  row('NP 0F 2C', 'CVTTPS2PI', [Pq, Wq],   toMmx('cvttps2dq')),
  row('66 0F 2C', 'CVTTPD2PI', [Pq, Wpd],  toMmx('cvttpd2dq')),
  row('F3 0F 2C', 'CVTTSS2SI', [Gy, Wss],  toInteger('cvttss2si')),
  row('F2 0F 2C', 'CVTTSD2SI', [Gy, Wsd],  toInteger('cvttsd2si')),
  row('NP 0F 2D', 'CVTPS2PI',  [Pq, Wq],   toMmx('cvtps2dq')),
  row('66 0F 2D', 'CVTPD2PI',  [Pq, Wpd],  toMmx('cvtpd2dq')),
  row('F3 0F 2D', 'CVTSS2SI',  [Gy, Wss],  toInteger('cvtss2si')),
  row('F2 0F 2D', 'CVTSD2SI',  [Gy, Wsd],  toInteger('cvtsd2si')),
  row('NP 0F 5A', 'CVTPS2PD',  [Vpd, Wq],  binary('cvtps2pd')),
  row('66 0F 5A', 'CVTPD2PS',  [Vps, Wpd], binary('cvtpd2ps')),
  row('F3 0F 5A', 'CVTSS2SD',  [Vsd, Wss], binary('cvtss2sd')),
  row('F2 0F 5A', 'CVTSD2SS',  [Vss, Wsd], binary('cvtsd2ss')),
  row('NP 0F 5B', 'CVTDQ2PS',  [Vps, Wdq], binary('cvtdq2ps')),
  row('66 0F 5B', 'CVTPS2DQ',  [Vdq, Wps], binary('cvtps2dq')),
  row('F3 0F 5B', 'CVTTPS2DQ', [Vdq, Wps], binary('cvttps2dq')),
  row('66 0F E6', 'CVTTPD2DQ', [Vdq, Wpd], binary('cvttpd2dq')),
  row('F3 0F E6', 'CVTDQ2PD',  [Vpd, Wq],  binary('cvtdq2pd')),
  row('F2 0F E6', 'CVTPD2DQ',  [Vdq, Wpd], binary('cvtpd2dq')),
]);
