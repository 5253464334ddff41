/**
 * How a block ends: a closed union, so that every back end and every analysis lists all cases.
 *
 * Addresses are EIP values (i32), not linear addresses. EIP itself is written by the back end, from these.
 */
import type { VmmCallName } from '../../runtime/abi/calls.ts';
import type { Value } from './node.ts';

/** Control goes to a known address. `call` is the return address when the instruction was a near CALL. */
export interface Jump {
  readonly kind: 'jump';
  readonly target: number;
  readonly call: number | undefined;
}

/** Control goes to `taken` when `condition` is not zero, else to `next`. */
export interface Branch {
  readonly kind: 'branch';
  condition: Value;
  readonly taken: number;
  readonly next: number;
}

/** Control goes to a computed address. For `call`, `returnTo` is the return address. */
export interface Indirect {
  readonly kind: 'indirect';
  target: Value;
  readonly via: 'jump' | 'call' | 'return';
  readonly returnTo: number | undefined;
}

/** The VMM takes over with EIP at the instruction at `at`; `next` is the address of the following one. */
export interface Vmm {
  readonly kind: 'vmm';
  readonly call: VmmCallName;
  args: Value[];
  readonly at: number;
  readonly next: number;
}

export type Terminator = Jump | Branch | Indirect | Vmm;

/** The values a terminator reads. */
export function terminatorOperands(terminator: Terminator): readonly Value[] {
  switch (terminator.kind) {
    case 'jump':
      return [];
    case 'branch':
      return [terminator.condition];
    case 'indirect':
      return [terminator.target];
    case 'vmm':
      return terminator.args;
  }
}

/** Put other values in the place of those that a terminator reads. */
export function replaceInTerminator(terminator: Terminator, change: (value: Value) => Value): void {
  if (terminator.kind === 'branch') terminator.condition = change(terminator.condition);
  else if (terminator.kind === 'indirect') terminator.target = change(terminator.target);
  else if (terminator.kind === 'vmm') terminator.args = terminator.args.map(change);
}
