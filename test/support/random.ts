// Random numbers that a seed repeats: a test that fails prints its seed.

export class Random {
  readonly seed: number;
  private state: number;

  constructor(seed: number = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff)) {
    this.seed = seed;
    this.state = seed | 0;
  }

  /** Any 32-bit word, i32. Mulberry32: a Weyl sequence through a mixer. */
  word(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return t ^ (t >>> 14);
  }

  /** 0 to `end` - 1. */
  below(end: number): number {
    return (this.word() >>> 0) % end;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}
