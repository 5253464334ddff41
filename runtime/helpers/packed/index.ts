/** The helpers that work on packed integers (abi/packed.ts), put together; and how MMX instructions begin. */
import type { packedSignatures } from '../../abi/packed.ts';
import { CR0, X87_STATUS, X87_TAGS, X87_TOP } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { settleX87 } from '../../cpu/x87.ts';
import type { HelperContext, HelperTable } from '../context.ts';
import { acrossHelpers } from './across.ts';
import { byteHelpers } from './bytes.ts';
import { textHelpers } from './text.ts';
import { wordHelpers } from './words.ts';

const CR0_EM = 4;
/** Status word: an unmasked exception is pending. */
const STATUS_ES = 0x80;

/** Make the helpers. */
export function packedHelpers(context: HelperContext): Pick<HelperTable, keyof typeof packedSignatures> {
  const { state: S, fault } = context;
  return {
    ...wordHelpers(S),
    ...acrossHelpers(S),
    ...byteHelpers(context),
    ...textHelpers(context),
    mmxBegin() {
      if ((S[X87_STATUS]! & STATUS_ES) !== 0) fault.raise(Vector.MF);
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
