/**
 * What the names in a region's tree stand for in WebAssembly: arrays are places in the one memory, functions are imports,
 * everything else is a local.
 */
import type { FunctionType, ValueType } from './binary.ts';
import { Op, VECTOR } from './opcodes.ts';

/** An array of the tree: its first byte in the memory, element size as a shift, and how elements are loaded and stored. */
export interface ArrayAccess {
  readonly base: number;
  readonly shift: number;
  readonly load: number;
  readonly store: number;
  readonly kind: 'i32' | 'f64' | 'f32' | 'v128';
}

/** Accesses to vectors: the second byte in bits 8 to 15. */
const VECTOR_LOAD = VECTOR;
const VECTOR_STORE: number = VECTOR | (0x0b << 8);

/** Kinds of elements: shift, load, store, kind. */
export const elements = {
  i8: { shift: 0, load: Op.I32Load8S, store: Op.I32Store8, kind: 'i32' },
  u8: { shift: 0, load: Op.I32Load8U, store: Op.I32Store8, kind: 'i32' },
  i16: { shift: 1, load: Op.I32Load16S, store: Op.I32Store16, kind: 'i32' },
  u16: { shift: 1, load: Op.I32Load16U, store: Op.I32Store16, kind: 'i32' },
  i32: { shift: 2, load: Op.I32Load, store: Op.I32Store, kind: 'i32' },
  f32: { shift: 2, load: Op.F32Load, store: Op.F32Store, kind: 'f32' },
  f64: { shift: 3, load: Op.F64Load, store: Op.F64Store, kind: 'f64' },
  v128: { shift: 4, load: VECTOR_LOAD, store: VECTOR_STORE, kind: 'v128' },
} as const satisfies Record<string, Omit<ArrayAccess, 'base'>>;

/**
 * Methods of a DataView over RAM, each with `true` for little-endian as its last argument. Those for vectors are what
 * JavaScript does not have.
 */
export const viewMethods: Readonly<Record<string, Omit<ArrayAccess, 'base'>>> = {
  getInt16: elements.i16,
  getUint16: elements.u16,
  getInt32: elements.i32,
  getUint32: elements.i32,
  getFloat64: elements.f64,
  getVector: elements.v128,
  setInt16: elements.i16,
  setInt32: elements.i32,
  setFloat64: elements.f64,
  setVector: elements.v128,
};

/** A function that the tree calls. */
export interface ImportedFunction extends FunctionType {
  readonly index: number;
  /** A last argument that the tree does not have. */
  readonly trailing: number | undefined;
}

export interface Environment {
  readonly arrays: Readonly<Record<string, ArrayAccess>>;
  /** The import of that name, made when it is first asked for. */
  call(name: string): ImportedFunction;
}

/** Locals by name. Names that are used for the last time give their local back. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
  /** What its number is in JavaScript: a word read as signed or unsigned, or a double; vectors are none there. */
  readonly kind: 'i32' | 'u32' | 'f64' | 'v128';
}

/**
 * What an expression's number is: a word read as signed, a word read as unsigned, an exact sum or product of words, a double,
 * a truth, or a vector.
 */
export type Kind = 'i32' | 'u32' | 'number' | 'f64' | 'test' | 'v128';
