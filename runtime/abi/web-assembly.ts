/** What is used of the host's WebAssembly: no types of a browser or Node are known in runtime/ and translator/. */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export interface WasmTable {
  readonly length: number;
  grow(by: number): number;
  set(index: number, value: unknown): void;
}

export interface WebAssemblyHost {
  // biome-ignore-start lint/style/useNamingConvention: the host's names
  readonly Memory: new (limits: {
    initial: number;
    maximum: number;
    shared?: boolean;
  }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  // biome-ignore-end lint/style/useNamingConvention: the host's names
}

/** undefined where the host has none, or forbids it. */
export const webAssembly: WebAssemblyHost | undefined = (globalThis as { WebAssembly?: WebAssemblyHost }).WebAssembly;

/** Bytes of a page. */
export const WASM_PAGE = 65536;
