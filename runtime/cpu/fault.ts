/**
 * The ways in which guest code is cut short: a guest fault, an abort that runs one instruction again with translation
 * set aside, and a wait for an interrupt. All are thrown through generated code as one preallocated object, because a
 * thrown `Error` costs several times more (it records a stack).
 */
export class GuestFault {
  /** Exception vector (abi/vector.ts), ABORT or WAIT. */
  vector = 0;
  /** Error code, 0 where the vector has none. */
  errorCode = 0;
  /** Faulting linear address for #PF (i32), else 0. */
  address = 0;

  /** Raise exception `vector`. State must be that of the start of the instruction. */
  raise(vector: number, errorCode = 0, address = 0): never {
    this.vector = vector;
    this.errorCode = errorCode;
    this.address = address;
    throw this;
  }

  /**
   * Leave translated code before the current instruction has done anything; the dispatcher then runs exactly that
   * instruction uncached (a store into translated code, an access to a device).
   */
  abort(): never {
    this.vector = ABORT;
    throw this;
  }

  /** Leave translated code before the current instruction, which waits for an interrupt and then begins again. */
  wait(): never {
    this.vector = WAIT;
    throw this;
  }
}

/** `vector` of an abort and of a wait: not exceptions of the guest's. */
export const ABORT = -1;
export const WAIT: number = -2;
