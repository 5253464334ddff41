/** A set of interrupt vectors as an APIC keeps it: 256 bits in eight words, with the highest at hand. */
export class VectorSet {
  /** The highest vector in the set, or -1. */
  highest = -1;
  private readonly words: Int32Array = new Int32Array(8);

  add(vector: number): void {
    this.words[vector >> 5]! |= 1 << (vector & 31);
    if (vector > this.highest) this.highest = vector;
  }

  remove(vector: number): void {
    this.words[vector >> 5]! &= ~(1 << (vector & 31));
    if (vector === this.highest) this.highest = this.find();
  }

  has(vector: number): boolean {
    return ((this.words[vector >> 5]! >> (vector & 31)) & 1) !== 0;
  }

  /** Vectors 32 * index to 32 * index + 31, i32. */
  word(index: number): number {
    return this.words[index]!;
  }

  clear(): void {
    this.words.fill(0);
    this.highest = -1;
  }

  private find(): number {
    for (let i = 7; i >= 0; i--) if (this.words[i] !== 0) return 32 * i + 31 - Math.clz32(this.words[i]!);
    return -1;
  }
}
