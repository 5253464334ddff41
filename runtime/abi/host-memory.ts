/**
 * The large buffers of a machine.
 *
 * RAM stands in one buffer with everything else that generated code touches: state, TLB words, the line table, entries of
 * regions. It is the memory of a WebAssembly program where the host has that, so that both kinds of generated code see it.
 *
 * V8's garbage collector counts the bytes of array buffers as what it might free, and four gigabytes make it collect at
 * once and again and again while a program starts: 20 ms of the first 200, measured. Shared buffers are not counted. But
 * what is not counted stays long after its machine is dropped, so only as much is shared as one machine needs; those of
 * all later ones are counted.
 */
import { WASM_PAGE, type WasmMemory, webAssembly } from './web-assembly.ts';

/** Bytes not counted in all: user-mode RAM and everything beside it. */
const LIMIT = 0x100000000 + (256 << 20);
let spared = 0;

/** Room behind RAM for the tables of a machine with both privileges. */
export const TABLE_BYTES: number = 32 << 20;
/**
 * Where tables begin in a buffer of 4 GiB, of which only what lies below is RAM. They end below 2 GiB: x86 hosts have
 * displacements of 31 bits, and take an instruction more for each access to what lies above.
 */
export const WHOLE_RAM_BYTES = 0x78000000;
const WHOLE = 0x100000000;
/** Tables begin at a line of the host's cache. */
const ALIGNMENT = 64;

function mayShare(bytes: number): boolean {
  if (typeof SharedArrayBuffer === 'undefined' || spared + bytes > LIMIT) return false;
  spared += bytes;
  return true;
}

/** A zeroed buffer of `bytes` bytes that is never detached. @throws RangeError when the host has none. */
export function hostMemory(bytes: number): ArrayBuffer {
  return mayShare(bytes) ? (new SharedArrayBuffer(bytes) as unknown as ArrayBuffer) : new ArrayBuffer(bytes);
}

/** undefined where the host has no WebAssembly, or no more memory for it: it reserves more than plain buffers take. */
function wasmMemory(pages: number, shared: boolean): WasmMemory | undefined {
  try {
    return webAssembly && new webAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch {
    return undefined;
  }
}

/** One buffer for RAM and tables. */
export class MachineMemory {
  readonly buffer: ArrayBuffer;
  /** The same as WebAssembly sees it. */
  readonly wasm: WasmMemory | undefined;
  readonly isShared: boolean;
  private next: number;

  /**
   * @param ramBytes bytes of RAM, from the buffer's first on, at most 2 GiB; or 4 GiB, of which WHOLE_RAM_BYTES are RAM.
   * @throws RangeError when the host has no such buffer.
   */
  constructor(ramBytes: number) {
    const bytes = ramBytes === WHOLE ? WHOLE : ramBytes + TABLE_BYTES;
    const pages = Math.ceil(bytes / WASM_PAGE);
    this.next = ramBytes === WHOLE ? WHOLE_RAM_BYTES : ramBytes;
    this.isShared = webAssembly !== undefined && mayShare(bytes);
    this.wasm = wasmMemory(pages, this.isShared);
    this.buffer = this.wasm?.buffer ?? hostMemory(bytes);
  }

  /** First of `bytes` zeroed bytes that nobody else has. @throws RangeError when there is no room left. */
  take(bytes: number): number {
    const at = Math.ceil(this.next / ALIGNMENT) * ALIGNMENT;
    this.next = at + bytes;
    if (this.next > this.buffer.byteLength) throw new RangeError('the tables of a machine have no room left');
    return at;
  }

  words(count: number): Int32Array {
    return new Int32Array(this.buffer, this.take(4 * count), count);
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(this.buffer, this.take(count), count);
  }
}
