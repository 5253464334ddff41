/**
 * DIV and IDIV with their divide errors: the only arithmetic that can fault, hence not among the pure operators.
 *
 * JavaScript has no 64-bit integers to divide quickly, so the 64-bit dividend of the 32-bit forms is divided in doubles,
 * whose quotients are exact here because no operand exceeds 48 bits.
 */
import { SCRATCH } from '../abi/state.ts';
import { Vector } from '../abi/vector.ts';
import type { HelperContext, HelperTable } from './context.ts';

type DivideName = 'div8' | 'div16' | 'div32' | 'idiv8' | 'idiv16' | 'idiv32';

/**
 * The divisions of abi/calls.ts: arguments as named there, result the quotient, remainder in SCRATCH.
 * They raise #DE when the divisor is 0 or the quotient does not fit. Source: SDM vol. 2A, DIV and IDIV.
 */
export function divideHelpers({ state, fault }: HelperContext): Pick<HelperTable, DivideName> {
  const refuse = (): never => fault.raise(Vector.DE);

  /** Divide high:low by `divisor`, all u32 in i32; high must be below divisor, so that the quotient has 32 bits. */
  function divideWide(high: number, low: number, divisor: number): number {
    // Two steps of school division with 16-bit digits. Each dividend is below divisor * 2^16 < 2^48 and each quotient
    // below 2^16, so its double has at least 36 fraction bits: rounding never reaches the next integer, which is at
    // least 1 / divisor > 2^-32 away, and truncation gives the exact digit.
    const d = divisor >>> 0;
    const upper = (high >>> 0) * 65536 + (low >>> 16);
    const first = (upper / d) | 0;
    const lower = (upper - first * d) * 65536 + (low & 65535);
    const second = (lower / d) | 0;
    state[SCRATCH] = lower - second * d;
    return (first << 16) | second;
  }

  return {
    div8(dividend, divisor) {
      if (dividend >>> 8 >= divisor) refuse();
      state[SCRATCH] = dividend % divisor;
      return (dividend / divisor) | 0;
    },

    div16(high, low, divisor) {
      if (high >= divisor) refuse();
      const dividend = ((high << 16) | low) >>> 0;
      state[SCRATCH] = dividend % divisor;
      return (dividend / divisor) | 0;
    },

    div32(high, low, divisor) {
      if (high >>> 0 >= divisor >>> 0) refuse();
      if (high !== 0) return divideWide(high, low, divisor);
      const quotient = ((low >>> 0) / (divisor >>> 0)) | 0;
      state[SCRATCH] = low - Math.imul(quotient, divisor);
      return quotient;
    },

    idiv8(dividend, divisor) {
      if (divisor === 0) refuse();
      const quotient = (dividend / divisor) | 0;
      if ((quotient << 24) >> 24 !== quotient) refuse();
      state[SCRATCH] = dividend - Math.imul(quotient, divisor);
      return quotient;
    },

    idiv16(dividend, divisor) {
      if (divisor === 0) refuse();
      const quotient = (dividend / divisor) | 0;
      if ((quotient << 16) >> 16 !== quotient) refuse();
      state[SCRATCH] = dividend - Math.imul(quotient, divisor);
      return quotient;
    },

    idiv32(high, low, divisor) {
      if (high === low >> 31) {
        if (divisor === 0 || (divisor === -1 && low === -0x80000000)) refuse();
        const quotient = (low / divisor) | 0;
        state[SCRATCH] = low - Math.imul(quotient, divisor);
        return quotient;
      }
      // Magnitudes; that of the most negative divisor reads as 2^31 unsigned.
      const negative = high < 0;
      const magnitude = divisor < 0 ? -divisor | 0 : divisor;
      const lowPart = negative ? -low | 0 : low;
      const highPart = negative ? ~high + (low === 0 ? 1 : 0) : high;
      if (highPart >>> 0 >= magnitude >>> 0) refuse();
      const quotient = divideWide(highPart, lowPart, magnitude);
      if (negative) state[SCRATCH] = -state[SCRATCH]!;
      if (negative !== divisor < 0) {
        if (quotient >>> 0 > 0x80000000) refuse();
        return -quotient | 0;
      }
      if (quotient < 0) refuse();
      return quotient;
    },
  };
}
