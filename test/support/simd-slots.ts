// XMM, MXCSR and x87 registers of a recorded case in a machine's state slots, and back.
import { MXCSR, X87_CONTROL, X87_REGISTER, X87_REGISTER_SLOTS, X87_TAGS, XMM } from '../../runtime/abi/state.ts';
import { setMxcsr } from '../../runtime/cpu/sse.ts';
import { settleX87, setX87Status, x87Status } from '../../runtime/cpu/x87.ts';
import type { SimdState } from './vectors.ts';

export function loadSimd(state: Int32Array, simd: SimdState): void {
  state.set(simd.xmm, XMM);
  setMxcsr(state, simd.mxcsr);
  state[X87_CONTROL] = simd.control;
  state[X87_TAGS] = simd.used;
  setX87Status(state, simd.status);
  const bytes = new DataView(simd.x87.buffer, simd.x87.byteOffset, 80);
  for (let i = 0; i < 8; i++) {
    const at = X87_REGISTER + X87_REGISTER_SLOTS * i;
    state[at] = bytes.getInt32(10 * i, true);
    state[at + 1] = bytes.getInt32(10 * i + 4, true);
    state[at + 2] = bytes.getUint16(10 * i + 8, true);
  }
}

export function readSimd(state: Int32Array): SimdState {
  settleX87(state);
  const x87 = new Uint8Array(80);
  const bytes = new DataView(x87.buffer);
  for (let i = 0; i < 8; i++) {
    const at = X87_REGISTER + X87_REGISTER_SLOTS * i;
    bytes.setInt32(10 * i, state[at]!, true);
    bytes.setInt32(10 * i + 4, state[at + 1]!, true);
    bytes.setUint16(10 * i + 8, state[at + 2]!, true);
  }
  return {
    xmm: state.slice(XMM, XMM + 32),
    mxcsr: state[MXCSR]!,
    control: state[X87_CONTROL]!,
    status: x87Status(state),
    used: state[X87_TAGS]!,
    x87,
  };
}
