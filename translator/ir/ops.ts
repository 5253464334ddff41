/** Effects of IR nodes, stated once for verifier, passes and back ends. */
import { type HelperName, helperSignatures } from '../../runtime/abi/calls.ts';
import type { HelperSignature } from '../../runtime/abi/signature.ts';
import type { Call, Node, Value } from './node.ts';

/** May this node raise a guest fault or abort? State must then be exact up to the previous instruction. */
export function canFault(node: Node): boolean {
  switch (node.op) {
    case 'load':
      return node.test !== 'passed';
    case 'store':
      // The load of a read-modify-write has checked the address for writing.
      return node.after === undefined && node.test !== 'passed';
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
    case 'load':
      return node.test === 'passed';
    case 'flags':
      return node.mask === 0;
    case 'call':
      return isPureCall(helperSignatures[node.helper]);
    default:
      return false;
  }
}

/** Does this node work on the x87's slots, by itself? */
export function isX87(node: Node): boolean {
  if (node.op !== 'call') return false;
  const { x87 }: HelperSignature = helperSignatures[node.helper];
  return x87 === true;
}

function isPureCall({ faults, sync, x87, lanes }: HelperSignature): boolean {
  return !faults && !sync && !x87 && (lanes === undefined || lanes.writes === 0);
}

/** The vector slots that a node writes, as first slot and number; undefined for none. */
export function writtenLanes(node: Node): { readonly slot: number; readonly count: number } | undefined {
  if (node.op !== 'call') return undefined;
  const { lanes }: HelperSignature = helperSignatures[node.helper];
  if (lanes === undefined || lanes.writes === 0) return undefined;
  return { slot: constantOf(node.args[0]!), count: lanes.writes / 32 };
}

/** Bytes that a helper loads or stores, for vector registers, at the address that is its second argument. */
const accessed: Readonly<Partial<Record<HelperName, readonly [bytes: number, writes: boolean]>>> = {
  load64: [8, false],
  load64Zero: [8, false],
  load128: [16, false],
  load128Aligned: [16, false],
  store64: [8, true],
  store128: [16, true],
  store128Aligned: [16, true],
};

/** What a call accesses as `accessed` says; undefined for other calls. */
export function laneAccess(node: Call): { readonly bytes: number; readonly writes: boolean } | undefined {
  const found = accessed[node.helper];
  return found && { bytes: found[0], writes: found[1] };
}

/** Does a call nothing but compute on vector registers, and raise what that raises? */
export function isLaneCall(node: Call): boolean {
  const { lanes, sync }: HelperSignature = helperSignatures[node.helper];
  return lanes !== undefined && !sync && !node.helper.startsWith('maskedStore');
}

/** A slot as argument of a call. */
export function constantOf(value: Value): number {
  if (value.op !== 'const') throw new Error('a vector slot is not a constant');
  return value.value;
}
