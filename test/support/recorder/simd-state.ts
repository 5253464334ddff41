// XMM, MXCSR and x87 registers (which MMX shares) of a case: where their values come from and how a case line spells
// what differs from them. As with the general registers, whatever a case does not set comes from its seed, so a line
// holds results and little else. Which values are drawn is the form's own: singles, doubles, integers or text.
import { caseSeed, operandValue, Xorshift32 } from './memory-map.ts';

/** What the registers of a form hold. */
export type ValueKind = 'single' | 'double' | 'integer' | 'text';

/** The registers beyond the general ones. */
export interface SimdState {
  /** XMM0 to XMM7, four words each, lowest first. */
  readonly xmm: Int32Array;
  mxcsr: number;
  /** x87 control and status word; which physical registers are not empty, one bit each. */
  control: number;
  status: number;
  used: number;
  /** Physical registers R0 to R7 (MM0 to MM7 in their low 8 bytes), ten bytes each. */
  readonly x87: Uint8Array;
}

/** A case's registers before its own settings, and the bytes of its memory operand. */
export interface SimdSeed {
  readonly state: SimdState;
  /** 16 bytes; a shorter operand has the first of them. */
  readonly operand: Uint8Array;
}

/** As FNINIT and a fresh MXCSR leave it, all registers zero. */
export function initialSimd(): SimdState {
  return {
    xmm: new Int32Array(32),
    mxcsr: 0x1f80,
    control: 0x37f,
    status: 0,
    used: 0,
    x87: new Uint8Array(80),
  };
}

export function copySimd(state: SimdState): SimdState {
  return { ...state, xmm: state.xmm.slice(), x87: state.x87.slice() };
}

// Zeros, denormals, normal limits, infinities, quiet and signalling NaNs; then ones, halves and the edges of integers.
// biome-ignore format: table
const SINGLES: readonly number[] = [
  0, 1, 0x7fffff, 0x800000, 0x800001, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fabcdef, 0x7fe54321, 0x00400000,
  0x3f800000, 0x3f800001, 0x3f7fffff, 0x3f000000, 0x3effffff, 0x3fc00000, 0x40200000, 0x40600000, 0x4b000000, 0x4b000001,
  0x4affffff, 0x4b7fffff, 0x4f000000, 0x4effffff, 0x4f000001, 0x5f000000, 0x40490fdb, 0x41200000, 0x34000000, 0x33800000,
];
// biome-ignore format: table
const DOUBLES: readonly (readonly [number, number])[] = [
  [0, 0], [0, 1], [0xfffff, -1], [0x100000, 0], [0x100000, 1], [0x7fefffff, -1], [0x7ff00000, 0], [0x7ff80000, 0],
  [0x7ff00000, 1], [0x7ff12345, 0x6789abcd], [0x7fff4321, 0x12345678], [0x80000, 0], [0x3ff00000, 0], [0x3ff00000, 1],
  [0x3fefffff, -1], [0x3fe00000, 0], [0x3fdfffff, -1], [0x3ff80000, 0], [0x40040000, 0], [0x400c0000, 0],
  [0x41dfffff, 0xffc00000], [0x41dfffff, 0xffe00000], [0x41e00000, 0], [0x41e00000, 0x100000], [0x43300000, 1],
  [0x43400000, 0], [0x47efffff, 0xe0000000], [0x47efffff, 0xf0000000], [0x380fffff, 0xf0000000], [0x36a00000, 0],
  [0x36900000, 0], [0x400921fb, 0x54442d18],
];

function singleLane(random: Xorshift32): number {
  const sign = random.next() & 0x80000000;
  const fraction = random.next() & 0x7fffff;
  const exponent = (first: number, count: number): number => (first + random.below(count)) << 23;
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
      return sign | SINGLES[random.below(32)]!;
    case 3:
      return sign | (fraction >>> random.below(22));
    case 4:
      return sign | exponent(0x40, 0x18) | fraction;
    case 5:
      return sign | exponent(0xb0, 0x18) | fraction;
    case 6:
    case 7:
    case 8:
      // Few significant bits: sums and products are exact or ties.
      return sign | exponent(0x7f - 12, 36) | (fraction & (-1 << (11 + random.below(12))));
    case 9:
      // Integers and halves.
      return sign | exponent(0x7f, 26) | (fraction & (-1 << random.below(23)));
    case 10:
      return random.next();
    default:
      return sign | exponent(0x7f - 10, 24) | fraction;
  }
}

/** Low and high word of a double. */
function doubleLane(random: Xorshift32): readonly [number, number] {
  const sign = random.next() & 0x80000000;
  const low = random.next();
  const high = random.next() & 0xfffff;
  const exponent = (first: number, count: number): number => (first + random.below(count)) << 20;
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2: {
      const edge = DOUBLES[random.below(32)]!;
      return [edge[1], sign | edge[0]];
    }
    case 3:
      return random.below(2) === 0 ? [low, sign | (high >>> random.below(20))] : [low >>> random.below(31), sign];
    case 4:
      return [high, sign | exponent(0x200, 0x40)];
    case 5:
      return [low, sign | exponent(0x5e0, 0x40)];
    case 6:
    case 7:
    case 8: {
      // Few significant bits: sums and products are exact or ties.
      const upper = exponent(0x3ff - 12, 60) | (high & (-1 << random.below(19)));
      return [random.below(4) === 0 ? 1 << 28 : 0, sign | upper];
    }
    case 9:
      // Near integers.
      return [low & (-1 << (20 + random.below(12))), sign | exponent(0x3ff, 33) | high];
    case 10:
      // Near the limits of singles.
      return [low, sign | exponent(random.below(2) === 0 ? 0x3ff - 152 : 0x3ff + 124, 30) | high];
    case 11:
      return [low, random.next()];
    default:
      return [low, sign | exponent(0x3ff - 10, 24) | high];
  }
}

/** Four words of the kind. */
function drawValue(random: Xorshift32, kind: ValueKind): Int32Array {
  const words = new Int32Array(4);
  const wide = random.below(4);
  for (let i = 0; i < 4; i++) {
    if (kind === 'single') words[i] = singleLane(random);
    else if (kind === 'double') {
      if (i % 2 === 0) words.set(doubleLane(random), i);
    } else if (kind === 'integer') words[i] = wide === 0 ? random.next() : operandValue(random);
    else for (let byte = 0; byte < 32; byte += 8) words[i]! |= textByte(random, wide) << byte;
  }
  return words;
}

/** A byte of a string: a few letters, an end now and then, any byte. */
function textByte(random: Xorshift32, ends: number): number {
  const pick = random.below(24);
  if (pick < ends) return 0;
  return pick === 23 ? random.below(256) : pick === 22 ? 0 : 0x60 + random.below(5);
}

/** Registers and operand that case `index` of a form starts from. `mmx`: the x87 registers hold values as well. */
export function seedSimd(form: string, index: number, kind: ValueKind, mmx: boolean): SimdSeed {
  const random = new Xorshift32(caseSeed(`${form}; simd`, index));
  const state = initialSimd();
  for (let i = 0; i < 8; i++) state.xmm.set(drawValue(random, kind), i * 4);
  let operand = drawValue(random, kind);
  // Equal operands and neighbours are rare otherwise.
  const twin = random.next();
  if ((twin & 0x700) === 0) {
    const from = state.xmm.subarray((twin & 7) * 4, (twin & 7) * 4 + 4);
    state.xmm.set(from, ((twin >> 3) & 7) * 4);
    operand = from.slice();
    if (twin & 0x800) operand[0]! ^= 1;
    if (twin & 0x1000) operand[2]! ^= 1;
  }
  state.mxcsr = seedMxcsr(random);
  if (mmx) {
    for (let i = 0; i < 8; i++) {
      const words = drawValue(random, kind);
      state.x87.set(new Uint8Array(words.buffer, 0, 10), i * 10);
    }
    state.status = random.next() & 0x7f00;
    state.used = random.below(2) === 0 ? 0 : random.below(256);
    state.control = 0x7f | ((random.next() & 0xf) << 8);
    // An exception that is still pending: MMX instructions raise it as x87 instructions do.
    if (random.below(24) === 0) {
      state.control &= ~4;
      state.status |= 0x8084;
    }
  }
  return { state, operand: new Uint8Array(operand.buffer) };
}

/** Rounding, FTZ and DAZ of all kinds; sticky flags or none; every eighth time some exceptions unmasked. */
function seedMxcsr(random: Xorshift32): number {
  const bits = random.next();
  const masks = (bits & 7) === 0 ? random.next() & 0x1f80 : 0x1f80;
  const flags = bits & 8 ? random.next() & 0x3f : 0;
  const flush = bits & 0x30 ? 0 : 0x8000;
  const zeros = bits & 0xc0 ? 0 : 0x40;
  return masks | flags | flush | zeros | (bits & 0x100 ? random.next() & 0x6000 : 0);
}

const hexWord = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(digits, '0');

/** One XMM register as a number, most significant digit first. */
export function xmmText(xmm: Int32Array, i: number): string {
  return [3, 2, 1, 0].map((word) => hexWord(xmm[i * 4 + word]!, 8)).join('');
}

function x87Text(x87: Uint8Array, i: number): string {
  return Buffer.from(x87.subarray(i * 10, i * 10 + 10))
    .reverse()
    .toString('hex');
}

function sameXmm(a: Int32Array, b: Int32Array, i: number): boolean {
  for (let word = i * 4; word < i * 4 + 4; word++) if (a[word] !== b[word]) return false;
  return true;
}

function sameX87(a: Uint8Array, b: Uint8Array, i: number): boolean {
  for (let byte = i * 10; byte < i * 10 + 10; byte++) if (a[byte] !== b[byte]) return false;
  return true;
}

/** Everything by which `to` differs from `from`, as tokens of a case line. */
export function printSimd(from: SimdState, to: SimdState): string[] {
  const tokens: string[] = [];
  for (let i = 0; i < 8; i++) {
    if (!sameXmm(from.xmm, to.xmm, i)) tokens.push(`x${i}=${xmmText(to.xmm, i)}`);
  }
  for (let i = 0; i < 8; i++) {
    if (!sameX87(from.x87, to.x87, i)) tokens.push(`r${i}=${x87Text(to.x87, i)}`);
  }
  if (from.mxcsr !== to.mxcsr) tokens.push(`c=${hexWord(to.mxcsr, 1)}`);
  if (from.control !== to.control || from.status !== to.status || from.used !== to.used) {
    tokens.push(`w=${[to.control, to.status, to.used].map((word) => hexWord(word, 1)).join(',')}`);
  }
  return tokens;
}

/** Apply one token of {@link printSimd}. @returns false if it is none. */
export function parseSimd(state: SimdState, token: string): boolean {
  const equals = token.indexOf('=');
  const text = token.slice(equals + 1);
  const i = Number(token[1]);
  if (token[0] === 'x') {
    for (let word = 0; word < 4; word++) state.xmm[i * 4 + 3 - word] = parseInt(text.slice(word * 8, word * 8 + 8), 16);
  } else if (token[0] === 'r') state.x87.set(Buffer.from(text, 'hex').reverse(), i * 10);
  else if (equals === 1 && token[0] === 'c') state.mxcsr = parseInt(text, 16);
  else if (equals === 1 && token[0] === 'w') {
    const words = text.split(',').map((word) => parseInt(word, 16)) as [number, number, number];
    [state.control, state.status, state.used] = words;
  } else return false;
  return true;
}

/** Everything by which two states differ, in words. */
export function compareSimd(cpu: SimdState, here: SimdState): string[] {
  const differences: string[] = [];
  const compare = (what: string, expected: string, actual: string): void => {
    if (expected !== actual) differences.push(`${what}: CPU ${expected}, here ${actual}`);
  };
  for (let i = 0; i < 8; i++) {
    if (!sameXmm(cpu.xmm, here.xmm, i)) compare(`xmm${i}`, xmmText(cpu.xmm, i), xmmText(here.xmm, i));
    if (!sameX87(cpu.x87, here.x87, i)) compare(`R${i}`, x87Text(cpu.x87, i), x87Text(here.x87, i));
  }
  for (const name of ['mxcsr', 'control', 'status', 'used'] as const) {
    compare(name, hexWord(cpu[name], 1), hexWord(here[name], 1));
  }
  return differences;
}
