/** FXSAVE and FXRSTOR. Source: SDM vol. 2A under each. */
import { Vector } from '../../abi/vector.ts';
import { FXSAVE_BYTES, FXSAVE_USED, fxsaveImage, isFxsaveValid, loadFxsave } from '../../cpu/fxsave.ts';
import type { HelperContext, HelperTable } from '../context.ts';

export function sseStateHelpers({ state: S, memory, fault }: HelperContext): Pick<HelperTable, 'fxsave' | 'fxrstor'> {
  const align = (la: number): void => {
    if ((la & 15) !== 0) fault.raise(Vector.GP);
  };
  const loaded = new Uint8Array(FXSAVE_USED);
  const words = new Int32Array(loaded.buffer);
  return {
    fxsave(la) {
      align(la);
      // All of the image must be writable, also what is not written; the last byte is tried first, as seen on a CPU.
      memory.probeWrite(la + FXSAVE_BYTES - 1, 8);
      memory.probeWrite(la, FXSAVE_BYTES * 8);
      const image = new Int32Array(fxsaveImage(S).buffer);
      for (let i = 0; i < image.length; i++) memory.write32(la + 4 * i, image[i]!);
      return 0;
    },
    fxrstor(la) {
      align(la);
      memory.read8(la + FXSAVE_BYTES - 1);
      for (let i = 0; i < words.length; i++) words[i] = memory.read32(la + 4 * i);
      if (!isFxsaveValid(loaded)) fault.raise(Vector.GP);
      loadFxsave(S, loaded);
      return 0;
    },
  };
}
