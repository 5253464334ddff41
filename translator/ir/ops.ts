/** Effects of IR nodes, stated once for verifier, passes and back ends. */
import { helperSignatures } from '../../runtime/abi/calls.ts';
import type { Node } from './node.ts';

/** May this node raise a guest fault or abort? State must then be exact up to the previous instruction. */
export function canFault(node: Node): boolean {
  switch (node.op) {
    case 'load':
      return true;
    case 'store':
      // The load of a read-modify-write has checked the address for writing.
      return node.after === undefined;
    case 'call':
      return helperSignatures[node.helper].faults;
    default:
      return false;
  }
}

/** Does this node read or write state slots beyond its own operands? */
export function isSync(node: Node): boolean {
  return node.op === 'call' && helperSignatures[node.helper].sync;
}

/** Can the node be dropped when nobody uses its value? */
export function isDroppable(node: Node): boolean {
  switch (node.op) {
    case 'const':
    case 'pure':
    case 'get':
      return true;
    case 'flags':
      return node.mask === 0;
    case 'call':
      return !helperSignatures[node.helper].faults && !helperSignatures[node.helper].sync;
    default:
      return false;
  }
}
