/** Why the processor stopped; all state is exact. */
export type Stop =
  /**
   * The instruction budget is used up; somebody asked for a stop; HLT, or an instruction at EIP that waits for an
   * interrupt as HLT does.
   */
  | { readonly kind: 'budget' | 'stopped' | 'halt' }
  /** Something is to be done before the next instruction (CpuParts.mustLeave said so). */
  | { readonly kind: 'boundary' }
  /** INT n that the environment serves; EIP is after it. */
  | { readonly kind: 'interrupt'; readonly vector: number }
  /** An exception; EIP is at the instruction for faults, after it for traps. `address` is CR2 for #PF, else 0. */
  | { readonly kind: 'fault'; readonly vector: number; readonly errorCode: number; readonly address: number }
  /** A triple fault: the exception that could not be delivered, during the delivery of vector `during`. */
  | { readonly kind: 'shutdown'; readonly vector: number; readonly errorCode: number; readonly during: number };
