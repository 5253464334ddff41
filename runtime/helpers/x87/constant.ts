/** The constants of FLD1, FLDPI and their kin: 66 bits inside, rounded by the rounding control. Source: SDM vol. 1 §8.3.8. */
import { X87Operation as Op } from '../../abi/x87.ts';
import type { Real } from './format.ts';

/** Exponent, significand rounded down, and whether the nearest is the next one up. Zero and one are exact. */
interface Constant {
  readonly se: number;
  readonly down: bigint;
  readonly nearestIsUp: boolean;
}

const constants: ReadonlyMap<number, Constant> = new Map([
  [Op.LoadLog2Of10, { se: 0x4000, down: 0xd49a784bcd1b8afen, nearestIsUp: false }],
  [Op.LoadLog2OfE, { se: 0x3fff, down: 0xb8aa3b295c17f0bbn, nearestIsUp: true }],
  [Op.LoadPi, { se: 0x4000, down: 0xc90fdaa22168c234n, nearestIsUp: true }],
  [Op.LoadLog10Of2, { se: 0x3ffd, down: 0x9a209a84fbcff798n, nearestIsUp: true }],
  [Op.LoadLnOf2, { se: 0x3ffe, down: 0xb17217f7d1cf79abn, nearestIsUp: true }],
]);

export const one: Real = { se: 0x3fff, sig: 1n << 63n };

export function isConstant(op: number): boolean {
  return op === Op.LoadOne || op === Op.LoadZero || constants.has(op);
}

/** The value that operation `op` loads under rounding control `rounding`. */
export function constant(op: number, rounding: number): Real {
  if (op === Op.LoadOne) return one;
  const found = constants.get(op);
  if (found === undefined) return { se: 0, sig: 0n };
  const up = rounding === 2 || (rounding === 0 && found.nearestIsUp);
  return { se: found.se, sig: up ? found.down + 1n : found.down };
}
