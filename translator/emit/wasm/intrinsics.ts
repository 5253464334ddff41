/**
 * Functions of the tree that are instructions of WebAssembly, with kinds of arguments and results that JavaScript does not
 * have: the halves of a double, and vectors of 128 bits. Trees with them are only made for hosts that have them
 * (HostTraits.vectors).
 *
 * Source: WebAssembly Core Specification 2.0 §5.4.8 (vector instructions).
 */
import type { Kind } from './environment.ts';
import { Op, VECTOR } from './opcodes.ts';

export interface Intrinsic {
  /** Kinds of the arguments, but for trailing immediates. */
  readonly args: readonly Kind[];
  readonly result: Kind;
  /** Literals at the end of the arguments that are bytes of the instruction. */
  readonly immediates: number;
  readonly code: readonly number[];
}

const make = (args: readonly Kind[], result: Kind, code: readonly number[], immediates = 0): Intrinsic => ({
  args,
  result,
  immediates,
  code,
});

/** An instruction with its prefix; numbers from 80H on take two bytes. */
const vector = (opcode: number): number[] => (opcode < 0x80 ? [VECTOR, opcode] : [VECTOR, opcode, 1]);

const unary = (opcode: number): Intrinsic => make(['v128'], 'v128', vector(opcode));
const binary = (opcode: number): Intrinsic => make(['v128', 'v128'], 'v128', vector(opcode));
const shift = (opcode: number): Intrinsic => make(['v128', 'i32'], 'v128', vector(opcode));
const toWord = (opcode: number): Intrinsic => make(['v128'], 'i32', vector(opcode));
const withAll = <Name extends string>(
  form: (opcode: number) => Intrinsic,
  opcodes: Readonly<Record<Name, number>>,
): Readonly<Record<Name, Intrinsic>> =>
  Object.fromEntries(
    Object.entries<number>(opcodes).map(([name, opcode]) => [name, form(opcode)]),
  ) as unknown as Readonly<Record<Name, Intrinsic>>;

// biome-ignore format: table
const table = {
  /** Words of a double, and a double of (low, high) word. */
  lowWord: make(['f64'], 'i32', [Op.I64ReinterpretF64, Op.I32WrapI64]),
  highWord: make(['f64'], 'i32', [Op.I64ReinterpretF64, Op.I64Const, 32, Op.I64ShrU, Op.I32WrapI64]),
  /** A double rounded to 26 bits: half of the last of them is added, and what is below is cut off. */
  upperHalf: make(['f64'], 'f64', [
    Op.I64ReinterpretF64, Op.I64Const, 0x80, 0x80, 0x80, 0x20, Op.I64Add,
    Op.I64Const, 0x80, 0x80, 0x80, 0x40, Op.I64And, Op.F64ReinterpretI64,
  ]),
  ofLowWord: make(['i32'], 'f64', [Op.I64ExtendI32U, Op.F64ReinterpretI64]),
  ofHighWord: make(['i32'], 'f64', [Op.I64ExtendI32U, Op.I64Const, 32, Op.I64Shl, Op.F64ReinterpretI64]),

  /** A word as a double; a single's bits as a double, and back, rounded. */
  ofWord: make(['i32'], 'f64', [Op.F64ConvertI32S]),
  ofSingle: make(['i32'], 'f64', [Op.F32ReinterpretI32, Op.F64PromoteF32]),
  toSingle: make(['f64'], 'i32', [Op.F32DemoteF64, Op.I32ReinterpretF32]),

  /** Sixteen bytes. */
  v128_const: make([], 'v128', vector(0x0c), 16),
  /** Any bytes of two vectors: their numbers, 0 to 31. */
  shuffle: make(['v128', 'v128'], 'v128', vector(0x0d), 16),
  i32x4_splat: make(['i32'], 'v128', vector(0x11)),
  f64x2_splat: make(['f64'], 'v128', vector(0x14)),
  i32x4_extract: make(['v128'], 'i32', vector(0x1b), 1),
  i32x4_replace: make(['v128', 'i32'], 'v128', vector(0x1c), 1),
  f64x2_extract: make(['v128'], 'f64', vector(0x21), 1),
  f64x2_replace: make(['v128', 'f64'], 'v128', vector(0x22), 1),
  ...withAll(binary, {
    and: 0x4e, andNot: 0x4f, or: 0x50, xor: 0x51, swizzle: 0x0e,
    i8x16_eq: 0x23, i8x16_gt_s: 0x27, i16x8_eq: 0x2d, i16x8_gt_s: 0x31, i32x4_eq: 0x37, i32x4_gt_s: 0x3b,
    i64x2_eq: 0xd6, i64x2_gt_s: 0xd9,
    i8x16_narrow_i16x8_s: 0x65, i8x16_narrow_i16x8_u: 0x66, i16x8_narrow_i32x4_s: 0x85, i16x8_narrow_i32x4_u: 0x86,
    i8x16_add: 0x6e, i8x16_add_sat_s: 0x6f, i8x16_add_sat_u: 0x70,
    i8x16_sub: 0x71, i8x16_sub_sat_s: 0x72, i8x16_sub_sat_u: 0x73,
    i8x16_min_s: 0x76, i8x16_min_u: 0x77, i8x16_max_s: 0x78, i8x16_max_u: 0x79, i8x16_avgr_u: 0x7b,
    i16x8_add: 0x8e, i16x8_add_sat_s: 0x8f, i16x8_add_sat_u: 0x90,
    i16x8_sub: 0x91, i16x8_sub_sat_s: 0x92, i16x8_sub_sat_u: 0x93, i16x8_mul: 0x95,
    i16x8_min_s: 0x96, i16x8_min_u: 0x97, i16x8_max_s: 0x98, i16x8_max_u: 0x99, i16x8_avgr_u: 0x9b,
    i32x4_add: 0xae, i32x4_sub: 0xb1, i32x4_mul: 0xb5,
    i32x4_min_s: 0xb6, i32x4_min_u: 0xb7, i32x4_max_s: 0xb8, i32x4_max_u: 0xb9, i32x4_dot_i16x8_s: 0xba,
    i64x2_add: 0xce, i64x2_sub: 0xd1, i64x2_extmul_low_i32x4_u: 0xde,
    f32x4_add: 0xe4, f32x4_sub: 0xe5, f32x4_mul: 0xe6, f32x4_div: 0xe7,
    f64x2_add: 0xf0, f64x2_sub: 0xf1, f64x2_mul: 0xf2, f64x2_div: 0xf3,
  }),
  ...withAll(shift, {
    i16x8_shl: 0x8b, i16x8_shr_s: 0x8c, i16x8_shr_u: 0x8d,
    i32x4_shl: 0xab, i32x4_shr_s: 0xac, i32x4_shr_u: 0xad, i64x2_shl: 0xcb, i64x2_shr_u: 0xcd,
  }),
  ...withAll(unary, {
    f32x4_convert_i32x4_s: 0xfa, f64x2_convert_low_i32x4_s: 0xfe,
    i8x16_abs: 0x60, i16x8_abs: 0x80, i32x4_abs: 0xa0, f32x4_sqrt: 0xe3, f64x2_sqrt: 0xef }),
  ...withAll(toWord, {
    v128_any_true: 0x53, i32x4_all_true: 0xa3, i64x2_all_true: 0xc3,
    i8x16_bitmask: 0x64, i32x4_bitmask: 0xa4, i64x2_bitmask: 0xc4,
  }),
} as const satisfies Record<string, Intrinsic>;

/** By name. */
export const typedIntrinsics: ReadonlyMap<string, Intrinsic> = new Map(Object.entries(table));
