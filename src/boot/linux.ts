/**
 * Loads a Linux kernel (bzImage) by its boot protocol, at the 32-bit entry: what the 16-bit setup code would ask the BIOS
 * for is put into the boot parameters here. linux-firmware.ts runs that code. Source: Linux, Documentation/arch/x86/boot.rst and zero-page.rst.
 */
import { BootError } from './boot-error.ts';
import { crc32 } from './crc32.ts';
import { type Entry, FLAT_CODE, FLAT_DATA, type GuestMemory, megabytes, textBytes, words } from './entry.ts';
import { type MemoryRange, memoryMap } from './memory-map.ts';

/** What beside the kernel is to be loaded. */
export interface LinuxOptions {
  /** File name, for messages. */
  readonly name: string;
  readonly initrd?: Uint8Array | undefined;
  /** Kernel command line. */
  readonly append?: string | undefined;
  /** Physical address of the ACPI root pointer, for a kernel that runs without firmware. */
  readonly rsdp?: number | undefined;
  /** Bytes at the top of RAM that are not the guest's. */
  readonly reservedBytes?: number | undefined;
}

/** Offsets in the setup header, which lies at the same place in the file and in the boot parameters. */
const Header = {
  setupSectors: 0x1f1,
  systemParagraphs: 0x1f4,
  bootFlag: 0x1fe,
  jumpLength: 0x201,
  magic: 0x202,
  version: 0x206,
  loaderType: 0x210,
  loadFlags: 0x211,
  ramdiskImage: 0x218,
  ramdiskBytes: 0x21c,
  heapEnd: 0x224,
  commandLine: 0x228,
  initrdMax: 0x22c,
  commandLineMax: 0x238,
  payloadOffset: 0x248,
  preferredAddress: 0x258,
  initBytes: 0x260,
} as const;

/** Offsets in the boot parameters outside the header. */
const Parameters = {
  cursorColumn: 0x00,
  cursorRow: 0x01,
  extendedKilobytes: 0x02,
  videoMode: 0x06,
  columns: 0x07,
  rows: 0x0e,
  isVga: 0x0f,
  fontHeight: 0x10,
  rsdp: 0x70,
  alternativeKilobytes: 0x1e0,
  mapEntries: 0x1e8,
  map: 0x2d0,
  bytes: 4096,
} as const;

const SECTOR = 512;
const HEADER_START = 0x1f1;
const BOOT_FLAG = 0xaa55;
/** "HdrS". */
const MAGIC = 0x53726448;
const LOADED_HIGH = 1;
const CAN_USE_HEAP = 0x80;
/** First version whose 32-bit entry takes everything from the boot parameters and that says how much memory it needs. */
const OLDEST_VERSION = 0x20a;
/** "A boot loader without a number of its own". */
const LOADER_TYPE = 0xff;
/** The file ends in a CRC such that the whole has this one. */
const CHECKED = 0xffffffff;

/** Where things go below 640 KiB, and the protected-mode kernel. */
const GDT = 0x1000;
const BOOT_PARAMETERS = 0x10000;
export const COMMAND_LINE: number = 0x20000;
const STACK = 0x8f000;
export const KERNEL: number = 0x100000;
const CODE_SELECTOR = 0x10;
const DATA_SELECTOR = 0x18;
const PAGE = 4096;
const PARAGRAPH = 16;

/** Does this file claim to be a Linux kernel? */
export function isLinux(image: Uint8Array): boolean {
  if (image.length < Header.magic + 4) return false;
  const view = viewOf(image);
  return view.getUint16(Header.bootFlag, true) === BOOT_FLAG && view.getUint32(Header.magic, true) === MAGIC;
}

/** A kernel file that was found sound, in its parts, and what is loaded with it. */
export interface LinuxParts {
  /** The boot sector with the header, and the 16-bit code. */
  readonly setup: Uint8Array;
  /** The protected-mode kernel. */
  readonly system: Uint8Array;
  readonly initrd: Uint8Array;
  /** Physical address for the initrd. */
  readonly initrdAt: number;
  /** The command line. */
  readonly line: Uint8Array;
}

/**
 * Take a kernel file apart.
 * @param usable bytes of RAM that kernel and initrd may take.
 * @throws BootError when the file is truncated or corrupt, or memory is too small.
 */
export function takeApart(image: Uint8Array, usable: number, options: LinuxOptions): LinuxParts {
  const { name, initrd = new Uint8Array(), append = '' } = options;
  const view = viewOf(image);
  const version = view.getUint16(Header.version, true);
  const isHigh = (view.getUint8(Header.loadFlags) & LOADED_HIGH) !== 0;
  if (version < OLDEST_VERSION || !isHigh) {
    throw new BootError(`${name}: boot protocol ${versionText(version)} is too old; 2.10 is needed`);
  }
  const setupBytes = ((view.getUint8(Header.setupSectors) || 4) + 1) * SECTOR;
  const systemBytes = view.getUint32(Header.systemParagraphs, true) * PARAGRAPH;
  const missing = setupBytes + systemBytes - image.length;
  // Other programs than Linux (memtest86+) are not padded to whole paragraphs and have no checksum. Linux has a payload.
  const isLinuxItself = view.getUint32(Header.payloadOffset, true) !== 0;
  if (missing > (isLinuxItself ? 0 : PARAGRAPH - 1)) {
    throw new BootError(`${name}: truncated kernel: ${missing} of ${setupBytes + systemBytes} bytes are missing`);
  }
  if (isLinuxItself) checkSum(image.subarray(0, setupBytes + systemBytes), name);

  const kernelEnd = view.getUint32(Header.preferredAddress, true) + view.getUint32(Header.initBytes, true);
  const needed = Math.max(kernelEnd, KERNEL + systemBytes);
  if (needed > usable) {
    throw new BootError(`${name}: the kernel needs ${megabytes(needed)} of memory, and there are ${megabytes(usable)}`);
  }
  const limit = Math.min(usable, view.getUint32(Header.initrdMax, true) + 1);
  const initrdAt = Math.floor((limit - initrd.length) / PAGE) * PAGE;
  if (initrd.length > 0 && initrdAt < needed) {
    throw new BootError(
      `the initrd of ${megabytes(initrd.length)} does not fit into memory: kernel and initrd need ` +
        `${megabytes(needed + initrd.length)}, and there are ${megabytes(usable)}`,
    );
  }
  const line = textBytes(append);
  const longest = view.getUint32(Header.commandLineMax, true);
  if (line.length > longest) throw new BootError(`--append is ${line.length} bytes long; this kernel takes ${longest}`);
  const system = image.subarray(setupBytes, setupBytes + systemBytes);
  return { setup: image.subarray(0, setupBytes), system, initrd, initrdAt, line };
}

/** Fill in what a loader says in the header: itself, the initrd and where the command line is. */
export function writeHeader(header: DataView, { initrd, initrdAt }: LinuxParts, lineAt: number): void {
  header.setUint8(Header.loaderType, LOADER_TYPE);
  header.setUint32(Header.ramdiskImage, initrd.length > 0 ? initrdAt : 0, true);
  header.setUint32(Header.ramdiskBytes, initrd.length, true);
  header.setUint32(Header.commandLine, lineAt, true);
}

/** Let the 16-bit code use memory behind itself, up to this offset in its segment. */
export function writeHeap(header: DataView, end: number): void {
  header.setUint8(Header.loadFlags, header.getUint8(Header.loadFlags) | CAN_USE_HEAP);
  header.setUint16(Header.heapEnd, end - SECTOR, true);
}

/**
 * Put a kernel, its initrd, command line and boot parameters into memory.
 * @throws BootError when the file is truncated or corrupt, or memory is too small.
 */
export function loadLinux(image: Uint8Array, memory: GuestMemory, options: LinuxOptions): Entry {
  const { rsdp = 0, reservedBytes = 0 } = options;
  const parts = takeApart(image, memory.bytes - reservedBytes, options);
  const { setup, system, initrd, initrdAt, line } = parts;
  const parameters = new Uint8Array(Parameters.bytes);
  // The header ends where the jump at its start leads to.
  const headerEnd = Header.magic + setup[Header.jumpLength]!;
  parameters.set(setup.subarray(HEADER_START, headerEnd), HEADER_START);
  const out = viewOf(parameters);
  writeHeader(out, parts, COMMAND_LINE);
  out.setUint32(Parameters.rsdp, rsdp, true);
  describeScreen(out);
  describeMemory(out, memoryMap(memory.bytes, reservedBytes));

  memory.write(GDT, words(0, 0, 0, 0, ...FLAT_CODE, ...FLAT_DATA));
  memory.write(BOOT_PARAMETERS, parameters);
  memory.write(COMMAND_LINE, line);
  memory.write(KERNEL, system);
  if (initrd.length > 0) memory.write(initrdAt, initrd);
  return {
    kind: 'protected',
    eip: KERNEL,
    registers: { esi: BOOT_PARAMETERS, esp: STACK },
    codeSelector: CODE_SELECTOR,
    dataSelector: DATA_SELECTOR,
    gdt: { base: GDT, limit: DATA_SELECTOR + 7 },
  };
}

/** A PC in text mode 3: 80 columns, 25 rows, 16 pixels each. */
function describeScreen(out: DataView): void {
  out.setUint8(Parameters.cursorColumn, 0);
  out.setUint8(Parameters.cursorRow, 0);
  out.setUint8(Parameters.videoMode, 3);
  out.setUint8(Parameters.columns, 80);
  out.setUint8(Parameters.rows, 25);
  out.setUint8(Parameters.isVga, 1);
  out.setUint16(Parameters.fontHeight, 16, true);
}

function describeMemory(out: DataView, map: readonly MemoryRange[]): void {
  const aboveKilobytes = Math.max(...map.filter(({ type }) => type === 1).map(({ bytes }) => bytes)) / 1024;
  out.setUint16(Parameters.extendedKilobytes, Math.min(aboveKilobytes, 0xffff), true);
  out.setUint32(Parameters.alternativeKilobytes, aboveKilobytes, true);
  out.setUint8(Parameters.mapEntries, map.length);
  for (const [i, { base, bytes, type }] of map.entries()) {
    const at = Parameters.map + i * 20;
    out.setBigUint64(at, BigInt(base), true);
    out.setBigUint64(at + 8, BigInt(bytes), true);
    out.setUint32(at + 16, type, true);
  }
}

/**
 * The CRC at the end of the file must be right. A signature for UEFI, which comes later, changes two fields of the PE
 * header (its checksum and where the signature lies), so they count as zero. Kernels without a CRC have zeros there.
 */
function checkSum(image: Uint8Array, name: string): void {
  const view = viewOf(image);
  if (view.getUint32(image.length - 4, true) === 0) return;
  const pe = view.getUint32(0x3c, true);
  const holes: [from: number, to: number][] = [];
  if (pe + 24 + 136 <= image.length && view.getUint32(pe, true) === 0x4550) {
    const optional = pe + 24;
    const directories = optional + (view.getUint16(optional, true) === 0x10b ? 96 : 112);
    holes.push([optional + 64, optional + 68], [directories + 32, directories + 40]);
  }
  let crc = 0;
  let at = 0;
  for (const [from, to] of holes) {
    crc = crc32(image.subarray(at, from), crc);
    crc = crc32(new Uint8Array(to - from), crc);
    at = to;
  }
  if (crc32(image.subarray(at), crc) !== CHECKED) throw new BootError(`${name}: corrupt kernel: its checksum is wrong`);
}

function versionText(version: number): string {
  return `${version >> 8}.${String(version & 255).padStart(2, '0')}`;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
