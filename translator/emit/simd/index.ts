/** Helpers on XMM registers as the host's vector instructions and doubles. */
import { helperSignatures } from '../../../runtime/abi/calls.ts';
import type { HelperSignature } from '../../../runtime/abi/signature.ts';
import type { Call } from '../../ir/node.ts';
import { constantOf } from '../../ir/ops.ts';
import { accesses } from './access.ts';
import { floats } from './float.ts';
import { vectors } from './packed.ts';
import { isXmm, type XmmRegisters } from './registers.ts';

const inline: ReadonlyMap<string, (x: XmmRegisters, node: Call) => void> = new Map([
  ...Object.entries(accesses),
  ...Object.entries(floats),
  ...vectors,
]);

/** Emit a call of a helper on XMM registers, inlined; false when it has to be a call. */
export function inlineXmm(x: XmmRegisters, node: Call): boolean {
  const emit = inline.get(node.helper);
  if (emit === undefined || !isOnXmm(node)) return false;
  emit(x, node);
  return true;
}

/** Are its registers XMM registers? Of those of MMX only the moves know, which are MOVQ2DQ and MOVDQ2Q. */
function isOnXmm(node: Call): boolean {
  const { lanes }: HelperSignature = helperSignatures[node.helper];
  const [first, second] = node.args;
  const isFirst = isXmm(constantOf(first!));
  if (lanes === undefined || lanes.reads === 0) return isFirst;
  const isSecond = isXmm(constantOf(second!));
  return node.helper === 'move64' || node.helper === 'move64Zero' ? isFirst || isSecond : isFirst && isSecond;
}
