// What both benchmarks compute from their samples.

/** The middle value, or the mean of the two middle ones. @throws RangeError without values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The n-th root of the product of n positive values. @throws RangeError without values. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no mean of nothing');
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
