/**
 * FXSAVE's image of x87, MMX and SSE state, as the instruction stores it and as Linux puts it into signal frames.
 * Source: SDM vol. 1 §10.5.1, tables 10-2 and 10-3 (32-bit format).
 */
import { MXCSR, XMM } from '../abi/state.ts';
import { MXCSR_BITS, setMxcsr } from './sse.ts';
import { setX87Environment, setX87Registers, X87_REGISTER_BYTES, x87Environment, x87Registers } from './x87.ts';

/** Bytes of the whole image, and up to the end of XMM7: the rest is reserved and not written. */
export const FXSAVE_BYTES = 512;
export const FXSAVE_USED = 288;

const MXCSR_AT = 24;
const MXCSR_MASK_AT = 28;
const REGISTERS_AT = 32;
const XMM_AT = 160;
/** Bytes of an x87 register, and of its place in the image. */
const REGISTER_BYTES = 10;
const REGISTER_STRIDE = 16;

/** The image, FXSAVE_USED bytes of it. */
export function fxsaveImage(S: Int32Array): Uint8Array {
  const image = new Uint8Array(FXSAVE_USED);
  const view = new DataView(image.buffer);
  const [control, status, tags, instruction, selector, operand, operandSelector] = x87Environment(S, 32) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  view.setUint16(0, control, true);
  view.setUint16(2, status, true);
  view.setUint8(4, abridge(tags));
  // The selector's word has the opcode in its upper half.
  view.setUint16(6, selector >>> 16, true);
  view.setInt32(8, instruction, true);
  view.setUint16(12, selector, true);
  view.setInt32(16, operand, true);
  view.setUint16(20, operandSelector, true);
  view.setInt32(MXCSR_AT, S[MXCSR]!, true);
  view.setInt32(MXCSR_MASK_AT, MXCSR_BITS, true);
  const registers = x87Registers(S);
  for (let i = 0; i < 8; i++) {
    const register = registers.subarray(i * REGISTER_BYTES, (i + 1) * REGISTER_BYTES);
    image.set(register, REGISTERS_AT + i * REGISTER_STRIDE);
  }
  for (let i = 0; i < 32; i++) view.setInt32(XMM_AT + i * 4, S[XMM + i]!, true);
  return image;
}

/** May this image be loaded: no bit of its MXCSR that does not exist? */
export function isFxsaveValid(image: Uint8Array): boolean {
  const view = new DataView(image.buffer, image.byteOffset);
  return (view.getInt32(MXCSR_AT, true) & ~MXCSR_BITS) === 0;
}

/** Load an image of at least FXSAVE_USED bytes; bits of MXCSR that do not exist are dropped. */
export function loadFxsave(S: Int32Array, image: Uint8Array): void {
  const view = new DataView(image.buffer, image.byteOffset);
  const words = [
    view.getUint16(0, true),
    view.getUint16(2, true),
    expand(view.getUint8(4)),
    view.getInt32(8, true),
    view.getUint16(12, true) | (view.getUint16(6, true) << 16),
    view.getInt32(16, true),
    view.getUint16(20, true),
  ];
  setX87Environment(S, words, 32);
  const registers = new Uint8Array(X87_REGISTER_BYTES);
  for (let i = 0; i < 8; i++) {
    const at = REGISTERS_AT + i * REGISTER_STRIDE;
    registers.set(image.subarray(at, at + REGISTER_BYTES), i * REGISTER_BYTES);
  }
  setX87Registers(S, registers);
  loadSseImage(S, image);
}

/** Load the SSE part of an image alone. */
export function loadSseImage(S: Int32Array, image: Uint8Array): void {
  const view = new DataView(image.buffer, image.byteOffset);
  setMxcsr(S, view.getInt32(MXCSR_AT, true) & MXCSR_BITS);
  for (let i = 0; i < 32; i++) S[XMM + i] = view.getInt32(XMM_AT + i * 4, true);
}

/** Two bits a register, 3 for empty, to one bit a register that is not. */
function abridge(tags: number): number {
  let used = 0;
  for (let r = 0; r < 8; r++) if (((tags >> (2 * r)) & 3) !== 3) used |= 1 << r;
  return used;
}

function expand(used: number): number {
  let tags = 0;
  for (let r = 0; r < 8; r++) if (((used >> r) & 1) === 0) tags |= 3 << (2 * r);
  return tags;
}
