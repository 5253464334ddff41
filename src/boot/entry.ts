/**
 * What the loaders of this folder share: the memory that they fill, and the state in which the guest begins.
 *
 * A loader checks its file, writes it into guest memory and says where the processor starts; the board sets the
 * registers. All of them run before the first instruction.
 */
import { bytesOf, toByteString } from '../linux/text.ts';

/** Guest RAM from physical address 0, as a loader fills it. */
export interface GuestMemory {
  /** Bytes of RAM. */
  readonly bytes: number;
  /** Copy into RAM; the caller stays inside it. */
  write(pa: number, bytes: Uint8Array): void;
}

/** Where and how the processor begins. */
export type Entry =
  /** Real-address mode. */
  | { readonly kind: 'real'; readonly segment: number; readonly ip: number; readonly registers: Registers }
  /** Protected mode, 32-bit flat segments, no paging; `gdt` says where the descriptors of the selectors lie. */
  | {
      readonly kind: 'protected';
      readonly eip: number;
      readonly registers: Registers;
      readonly codeSelector: number;
      readonly dataSelector: number;
      readonly gdt: { readonly base: number; readonly limit: number };
    };

/** Registers that are not 0, or -1 like ESP left out: the board's choice. Values are 32-bit words. */
export interface Registers {
  readonly eax?: number;
  readonly ebx?: number;
  readonly edx?: number;
  readonly esi?: number;
  readonly esp?: number;
}

/** Little-endian words at `pa`. */
export function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value, true);
  return bytes;
}

/** The UTF-8 bytes of a string. */
export function textBytes(text: string): Uint8Array {
  return bytesOf(toByteString(text));
}

/** Descriptors of flat 32-bit code and data: low and high word. */
export const FLAT_CODE: readonly [number, number] = [0x0000ffff, 0x00cf9a00];
export const FLAT_DATA: readonly [number, number] = [0x0000ffff, 0x00cf9200];

/** Bytes in hexadecimal units a person reads. */
export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}
