/** A block of IR: one entry, straight-line nodes, one terminator. Made by lift.ts, changed by passes/, read by back ends. */
import type { Node } from './node.ts';
import type { Terminator } from './terminator.ts';

export interface IrBlock {
  /** EIP of its first instruction (i32). */
  readonly eip: number;
  /** Bytes of guest code that it depends on. */
  readonly length: number;
  /** Guest instructions in it, terminator included: what a full run subtracts from the budget. */
  readonly instructions: number;
  /** Mode bits it was translated for (abi/mode.ts). */
  readonly mode: number;
  nodes: Node[];
  terminator: Terminator;
}
