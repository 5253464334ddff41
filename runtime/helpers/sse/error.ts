/**
 * Error-free transformations: the sign of what an operation on doubles, rounded to nearest, lost. Sums are Knuth's
 * two-sum, products Dekker's with Veltkamp's splitting (Muller et al., Handbook of Floating-Point Arithmetic, §4.3 and
 * §4.4); quotients and square roots compare the product of the result with the operand. Operands of all but the sum are
 * between 1 and 4 in magnitude, so nothing overflows or underflows on the way.
 */
const SPLITTER = 0x8000001;

/** Sign of a + b - sum. */
export function sumError(a: number, b: number, sum: number): number {
  const fromB = sum - a;
  const fromA = sum - fromB;
  return Math.sign(a - fromA + (b - fromB));
}

/** a * b - product, exactly. */
export function productRest(a: number, b: number, product: number): number {
  const scaledA = SPLITTER * a;
  const highA = scaledA - (scaledA - a);
  const lowA = a - highA;
  const scaledB = SPLITTER * b;
  const highB = scaledB - (scaledB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

/** Sign of a / b - quotient. */
export function quotientError(a: number, b: number, quotient: number): number {
  const product = quotient * b;
  const rest = a - product - productRest(quotient, b, product);
  return Math.sign(rest) * Math.sign(b);
}

/** Sign of sqrt(a) - root. */
export function rootError(a: number, root: number): number {
  const square = root * root;
  return Math.sign(a - square - productRest(root, root, square));
}
