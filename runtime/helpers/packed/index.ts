/** The helpers that work on packed integers (abi/packed.ts), put together; and how MMX instructions begin. */
import type { packedSignatures } from '../../abi/packed.ts';
import { CR0, X87_TAGS, X87_TOP } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { settleX87 } from '../../cpu/x87.ts';
import type { HelperContext, HelperTable } from '../context.ts';
import { pendingFloatError } from '../float-error.ts';
import { acrossHelpers } from './across.ts';
import { byteHelpers } from './bytes.ts';
import { textHelpers } from './text.ts';
import { wordHelpers } from './words.ts';

const CR0_EM = 4;

/** Make the helpers. */
export function packedHelpers(context: HelperContext): Pick<HelperTable, keyof typeof packedSignatures> {
  const { state: S, fault } = context;
  const pending = pendingFloatError(context);
  return {
    ...wordHelpers(S),
    ...acrossHelpers(S),
    ...byteHelpers(context),
    ...textHelpers(context),
    mmxBegin() {
      pending();
      // What follows works on the registers' bits.
      settleX87(S);
      return 0;
    },
    mmxEnter() {
      S[X87_TOP] = 0;
      S[X87_TAGS] = 0xff;
      return 0;
    },
    mmxUnavailable: () => fault.raise((S[CR0]! & CR0_EM) !== 0 ? Vector.UD : Vector.NM),
  };
}
