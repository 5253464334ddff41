/** The VMM as the dispatcher calls it: one function for each VMM call of abi/calls.ts. */
import type { VmmCallName } from '../abi/calls.ts';

/** Why a VMM call hands control to the environment. EIP is after the instruction. */
export type VmmStop =
  /** INT n that the environment serves. */
  | { readonly kind: 'interrupt'; readonly vector: number }
  /** A trap: an exception that comes after its instruction. */
  | { readonly kind: 'fault'; readonly vector: number; readonly errorCode: number; readonly address: number }
  /** HLT: nothing runs until an interrupt comes. */
  | { readonly kind: 'halt' }
  /** A triple fault: the exception that could not be delivered, during the delivery of vector `during`. */
  | { readonly kind: 'shutdown'; readonly vector: number; readonly errorCode: number; readonly during: number };

/** undefined: go on at EIP. */
export type VmmResult = VmmStop | undefined;

/**
 * `at` is the EIP of the instruction, which the EIP slot holds on entry, `next` that of the following one; then the
 * call's own arguments. @throws GuestFault with EIP and all other state as on entry.
 */
export type VmmCall = (at: number, next: number, ...args: number[]) => VmmResult;

export type VmmTable = Readonly<Record<VmmCallName, VmmCall>>;

/** The part of the table that one file beside this one makes. */
export type VmmPart<Name extends VmmCallName> = Pick<VmmTable, Name>;
