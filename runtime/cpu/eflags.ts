/** EFLAGS as one word, from and to the separate slots that translated code keeps (SDM vol. 1 §3.4.3). */
import {
  DF,
  EFLAGS_AF,
  EFLAGS_CF,
  EFLAGS_DF,
  EFLAGS_OF,
  EFLAGS_PF,
  EFLAGS_SF,
  EFLAGS_SYSTEM,
  EFLAGS_ZF,
  FLAG_AUX,
  FLAG_CF,
  FLAG_OF,
  FLAG_RES,
} from '../abi/state.ts';

const STATUS = EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF;

/** Status flags, DF, system flags and bit 1. */
export function readEflags(S: Int32Array): number {
  const res = S[FLAG_RES]!;
  const aux = S[FLAG_AUX]!;
  let low = res ^ (aux >> 8);
  low ^= low >> 4;
  const parity = (0x9669 >> (low & 15)) & 1;
  let image = S[EFLAGS_SYSTEM]! | 2 | S[FLAG_CF]! | (parity << 2) | (aux & EFLAGS_AF);
  if (res === 0) image |= EFLAGS_ZF;
  if ((res ^ aux) < 0) image |= EFLAGS_SF;
  if (S[FLAG_OF]! < 0) image |= EFLAGS_OF;
  if (S[DF]! < 0) image |= EFLAGS_DF;
  return image;
}

/** Set the status flags from an image, and nothing else. */
export function writeStatusFlags(S: Int32Array, image: number): void {
  const zero = (image >> 6) & 1;
  S[FLAG_CF] = image & 1;
  S[FLAG_OF] = image & EFLAGS_OF ? -1 : 0;
  S[FLAG_RES] = zero ^ 1;
  S[FLAG_AUX] = ((image & EFLAGS_SF) << 24) | ((((image >> 2) ^ zero) & 1) << 8) | (image & EFLAGS_AF);
}

/** Set all of EFLAGS. */
export function writeEflags(S: Int32Array, image: number): void {
  writeStatusFlags(S, image);
  S[DF] = image & EFLAGS_DF ? -1 : 1;
  S[EFLAGS_SYSTEM] = image & ~(STATUS | EFLAGS_DF | 2);
}
