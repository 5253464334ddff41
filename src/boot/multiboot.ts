/**
 * Loads a kernel that has a Multiboot header: where its parts go, and the information that it finds at EBX.
 * Source: Multiboot Specification 0.6.96.
 */
import { BootError } from './boot-error.ts';
import { loadElf } from './elf.ts';
import { type Entry, FLAT_CODE, FLAT_DATA, type GuestMemory, megabytes, textBytes, words } from './entry.ts';
import { LOW_MEMORY_END, type MemoryRange, memoryMap } from './memory-map.ts';

const HEADER_MAGIC = 0x1badb002;
/** What EAX holds: "loaded by a Multiboot loader". */
const LOADED_MAGIC = 0x2badb002;
/** The header is in the first 8 KiB. */
const SEARCHED = 8192;
const PAGE = 4096;

/** Flags of the header: modules on page boundaries, memory information, video mode; the addresses are valid. */
const KNOWN_REQUIREMENTS = 0b111;
const ALL_REQUIREMENTS = 0xffff;
const ADDRESSES = 1 << 16;

/** Flags of the information: what is filled in. */
const INFO_MEMORY = 1 << 0;
const INFO_COMMAND_LINE = 1 << 2;
const INFO_MODULES = 1 << 3;
const INFO_MAP = 1 << 6;
const INFO_LOADER_NAME = 1 << 9;

/** Where the information goes, below the kernel. */
const GDT = 0x1000;
const INFORMATION = 0x2000;
const STACK = 0x8f000;
const CODE_SELECTOR = 0x10;
const DATA_SELECTOR = 0x18;

export interface MultibootOptions {
  readonly name: string;
  readonly append?: string | undefined;
  /** The one module, as GRUB's `module` would load it. */
  readonly initrd?: Uint8Array | undefined;
}

/** Offset of the Multiboot header, or -1. */
export function findMultiboot(image: Uint8Array): number {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  for (let at = 0; at + 12 <= Math.min(image.length, SEARCHED); at += 4) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    if (((HEADER_MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true)) | 0) === 0) return at;
  }
  return -1;
}

/** @throws BootError when the file is truncated or asks for what is not there, or memory is too small. */
export function loadMultiboot(
  image: Uint8Array,
  header: number,
  memory: GuestMemory,
  { name, append = '', initrd }: MultibootOptions,
): Entry {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const flags = view.getUint32(header + 4, true);
  const unknown = flags & ALL_REQUIREMENTS & ~KNOWN_REQUIREMENTS;
  if (unknown !== 0) throw new BootError(`${name}: its Multiboot header requires 0x${unknown.toString(16)}`);
  const placed = trackEnd(memory);
  const eip = flags & ADDRESSES ? loadAtAddresses(image, header, placed, name) : loadElf(image, placed, name);

  let module: MemoryRange | undefined;
  if (initrd !== undefined) {
    const base = Math.ceil(Math.max(placed.end, 0x100000) / PAGE) * PAGE;
    if (base + initrd.length > memory.bytes) {
      throw new BootError(
        `the initrd of ${megabytes(initrd.length)} does not fit into the ${megabytes(memory.bytes)} of memory`,
      );
    }
    memory.write(base, initrd);
    module = { base, bytes: initrd.length, type: 0 };
  }
  memory.write(GDT, words(0, 0, 0, 0, ...FLAT_CODE, ...FLAT_DATA));
  memory.write(INFORMATION, information(memory.bytes, `${name} ${append}`.trim(), module));
  return {
    kind: 'protected',
    eip,
    registers: { eax: LOADED_MAGIC, ebx: INFORMATION, esp: STACK },
    codeSelector: CODE_SELECTOR,
    dataSelector: DATA_SELECTOR,
    gdt: { base: GDT, limit: DATA_SELECTOR + 7 },
  };
}

/** The header itself says where the file goes. */
function loadAtAddresses(image: Uint8Array, header: number, memory: GuestMemory, name: string): number {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (header + 32 > image.length) throw new BootError(`${name}: truncated Multiboot header`);
  const [headerAt, loadAt, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((at) =>
    view.getUint32(header + at, true),
  ) as [number, number, number, number, number];
  const offset = header - (headerAt - loadAt);
  const bytes = loadEnd === 0 ? image.length - offset : loadEnd - loadAt;
  if (offset < 0 || bytes <= 0 || offset + bytes > image.length) throw new BootError(`${name}: truncated kernel`);
  const end = Math.max(loadAt + bytes, bssEnd);
  if (end > memory.bytes) {
    throw new BootError(
      `${name}: the kernel needs ${megabytes(end)} of memory, and there are ${megabytes(memory.bytes)}`,
    );
  }
  memory.write(loadAt, image.subarray(offset, offset + bytes));
  return entry;
}

/** The boot information with what it points to, from INFORMATION on. */
function information(ramBytes: number, commandLine: string, module: MemoryRange | undefined): Uint8Array {
  const map = memoryMap(ramBytes);
  const mapAt = 0x80;
  const moduleAt = mapAt + map.length * 24;
  const nameAt = moduleAt + 16;
  const lineAt = nameAt + 16;
  const line = textBytes(commandLine);
  const bytes = new Uint8Array(lineAt + line.length + 1);
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: number): void => view.setUint32(at, value, true);
  const moduleFlag = module === undefined ? 0 : INFO_MODULES;
  put(0, INFO_MEMORY | INFO_COMMAND_LINE | moduleFlag | INFO_MAP | INFO_LOADER_NAME);
  put(4, LOW_MEMORY_END / 1024);
  put(8, ramBytes / 1024 - 1024);
  put(16, INFORMATION + lineAt);
  if (module !== undefined) {
    put(20, 1);
    put(24, INFORMATION + moduleAt);
    put(moduleAt, module.base);
    put(moduleAt + 4, module.base + module.bytes);
    put(moduleAt + 8, INFORMATION + lineAt);
  }
  put(44, map.length * 24);
  put(48, INFORMATION + mapAt);
  put(64, INFORMATION + nameAt);
  for (const [i, range] of map.entries()) {
    const at = mapAt + i * 24;
    put(at, 20);
    view.setBigUint64(at + 4, BigInt(range.base), true);
    view.setBigUint64(at + 12, BigInt(range.bytes), true);
    put(at + 20, range.type);
  }
  bytes.set(textBytes('xlat86'), nameAt);
  bytes.set(line, lineAt);
  return bytes;
}

/** Memory that remembers how far it has been written. */
function trackEnd(memory: GuestMemory): GuestMemory & { readonly end: number } {
  let end = 0;
  return {
    bytes: memory.bytes,
    write(pa, bytes) {
      end = Math.max(end, pa + bytes.length);
      memory.write(pa, bytes);
    },
    get end() {
      return end;
    },
  };
}
