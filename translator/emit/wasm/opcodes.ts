/** Instructions of WebAssembly that regions are made of. Source: Core Specification 2.0 §5.4; exceptions: legacy proposal. */

// biome-ignore format: table
export const Op = {
  Block: 0x02, Loop: 0x03, If: 0x04, Else: 0x05, Try: 0x06, End: 0x0b,
  Branch: 0x0c, BranchIf: 0x0d, Return: 0x0f, Call: 0x10, CallIndirect: 0x11, CatchAll: 0x19,
  Drop: 0x1a, Select: 0x1b, Unreachable: 0x00,
  LocalGet: 0x20, LocalSet: 0x21, LocalTee: 0x22,

  I32Load: 0x28, F32Load: 0x2a, F64Load: 0x2b, I32Load8S: 0x2c, I32Load8U: 0x2d, I32Load16S: 0x2e, I32Load16U: 0x2f,
  I32Store: 0x36, F32Store: 0x38, F64Store: 0x39, I32Store8: 0x3a, I32Store16: 0x3b,
  I32Const: 0x41, I64Const: 0x42, F64Const: 0x44,

  I32Eqz: 0x45, I32Eq: 0x46, I32Ne: 0x47, I32LtS: 0x48, I32LtU: 0x49, I32GtS: 0x4a, I32GtU: 0x4b,
  I32LeS: 0x4c, I32LeU: 0x4d, I32GeS: 0x4e, I32GeU: 0x4f,
  F64Eq: 0x61, F64Ne: 0x62, F64Lt: 0x63, F64Gt: 0x64, F64Le: 0x65, F64Ge: 0x66,

  I32Clz: 0x67, I32Ctz: 0x68, I32Popcnt: 0x69, I32Add: 0x6a, I32Sub: 0x6b, I32Mul: 0x6c, I32RemS: 0x6f,
  I32And: 0x71, I32Or: 0x72, I32Xor: 0x73, I32Shl: 0x74, I32ShrS: 0x75, I32ShrU: 0x76, I32Rotl: 0x77, I32Rotr: 0x78,
  I64Add: 0x7c, I64Mul: 0x7e, I64DivS: 0x7f, I64DivU: 0x80, I64RemS: 0x81, I64RemU: 0x82, I64ShrS: 0x87, I64ShrU: 0x88, I64Or: 0x84, I64And: 0x83, I64Shl: 0x86, I64Eq: 0x51,

  F64Abs: 0x99, F64Neg: 0x9a, F64Ceil: 0x9b, F64Floor: 0x9c, F64Trunc: 0x9d, F64Sqrt: 0x9f,
  F64Add: 0xa0, F64Sub: 0xa1, F64Mul: 0xa2, F64Div: 0xa3, F64Min: 0xa4, F64Max: 0xa5,

  I32WrapI64: 0xa7, I32ReinterpretF32: 0xbc, F32ReinterpretI32: 0xbe, I64ReinterpretF64: 0xbd, F64ReinterpretI64: 0xbf, I64ExtendI32S: 0xac, I64ExtendI32U: 0xad, F32DemoteF64: 0xb6,
  F64ConvertI32S: 0xb7, F64ConvertI32U: 0xb8, F64PromoteF32: 0xbb, I32Extend8S: 0xc0, I32Extend16S: 0xc1,
  /** First byte of the saturating conversions; then one of those below. */
  Saturating: 0xfc,
} as const;

/** First byte of vector instructions; then one of intrinsics.ts's numbers. */
export const VECTOR = 0xfd;

/** After Op.Saturating. */
export const TRUNC_SAT_F64_S = 2;
export const TRUNC_SAT_F64_U = 3;

/** Block type without a result. */
export const NO_RESULT = 0x40;
