/**
 * Reads the headers of a static i386 executable (System V gABI chapters 4 and 5, i386 psABI).
 *
 * First step of a program's life: bytes → `ElfImage`. Nothing is mapped here; `load.ts` does that. Everything that a
 * hostile file can get wrong is refused here with one line, because the command line prints that line as it is.
 */

/** Exit status of a shell for a file that cannot be executed, and for one that is not there. */
export const EXIT_NOT_EXECUTABLE = 126;
export const EXIT_NOT_FOUND = 127;

/** A program that cannot be started; `message` is one line for the user. */
export class LoadError extends Error {
  /** 126 or 127, as shells have it. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_NOT_EXECUTABLE) {
    super(message);
    this.name = 'LoadError';
    this.exitCode = exitCode;
  }
}

/** Segment permissions as in p_flags. */
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

/** One PT_LOAD segment; addresses are unsigned and without load bias. */
export interface Segment {
  readonly address: number;
  readonly memorySize: number;
  readonly fileOffset: number;
  readonly fileSize: number;
  /** PF_R, PF_W, PF_X. */
  readonly flags: number;
}

/** What the loader needs to know of an executable. */
export interface ElfImage {
  /** Unsigned, without load bias. */
  readonly entry: number;
  /** ET_DYN: to be placed at an address of our choice. */
  readonly relocatable: boolean;
  readonly segments: readonly Segment[];
  /** Address of the program headers in memory without bias, 0 when no segment covers them. */
  readonly headersAddress: number;
  readonly headersCount: number;
}

/** Size of an ELF32 program header. */
export const PROGRAM_HEADER_SIZE = 32;

const HEADER_SIZE = 52;
const CLASS_32 = 1;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_386 = 3;
const PT_LOAD = 1;
const PT_INTERP = 3;

const machineNames = new Map<number, string>([
  [2, 'SPARC'],
  [8, 'MIPS'],
  [20, 'PowerPC'],
  [21, 'PowerPC64'],
  [22, 'S390'],
  [40, 'ARM'],
  [62, 'x86-64'],
  [183, 'AArch64'],
  [243, 'RISC-V'],
  [258, 'LoongArch'],
]);

/** Does the file begin as an ELF file does? */
function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * Parses and checks `bytes`. Throws `LoadError` for anything but a static i386 executable.
 * `name` is the file's name for messages.
 */
export function parseElf(bytes: Uint8Array, name: string): ElfImage {
  if (!isElf(bytes)) throw new LoadError(`${name}: not an ELF file`);
  if (bytes.length < HEADER_SIZE) throw new LoadError(`${name}: truncated ELF file`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machine = bytes[5] === LITTLE_ENDIAN ? view.getUint16(18, true) : view.getUint16(18, false);
  if (bytes[4] === CLASS_64) throw new LoadError(`${name}: a 64-bit program (${machineName(machine)}), not i386`);
  if (bytes[4] !== CLASS_32 || bytes[5] !== LITTLE_ENDIAN || machine !== EM_386) {
    throw new LoadError(`${name}: a program for another machine (${machineName(machine)}), not i386`);
  }
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) throw new LoadError(`${name}: not an executable (ELF type ${type})`);

  const headersOffset = view.getUint32(28, true);
  const headersCount = view.getUint16(44, true);
  if (view.getUint16(42, true) !== PROGRAM_HEADER_SIZE || headersCount === 0) {
    throw new LoadError(`${name}: no program headers`);
  }
  if (headersOffset + headersCount * PROGRAM_HEADER_SIZE > bytes.length) {
    throw new LoadError(`${name}: truncated ELF file`);
  }

  const segments: Segment[] = [];
  for (let index = 0; index < headersCount; index++) {
    const at = headersOffset + index * PROGRAM_HEADER_SIZE;
    const kind = view.getUint32(at, true);
    if (kind === PT_INTERP) throw new LoadError(`${name}: needs a dynamic loader (${interpreter(bytes, view, at)})`);
    if (kind === PT_LOAD) segments.push(loadSegment(view, at));
  }
  checkSegments(segments, bytes.length, name);
  return {
    entry: view.getUint32(24, true),
    relocatable: type === ET_DYN,
    segments,
    headersAddress: addressOf(segments, headersOffset),
    headersCount,
  };
}

function machineName(machine: number): string {
  return machineNames.get(machine) ?? `ELF machine ${machine}`;
}

function loadSegment(view: DataView, at: number): Segment {
  return {
    fileOffset: view.getUint32(at + 4, true),
    address: view.getUint32(at + 8, true),
    fileSize: view.getUint32(at + 16, true),
    memorySize: view.getUint32(at + 20, true),
    flags: view.getUint32(at + 24, true) & (PF_R | PF_W | PF_X),
  };
}

function interpreter(bytes: Uint8Array, view: DataView, at: number): string {
  const offset = view.getUint32(at + 4, true);
  const end = bytes.indexOf(0, offset);
  const text = String.fromCharCode(...bytes.subarray(offset, Math.min(end < 0 ? offset : end, offset + 255)));
  return /^[\x21-\x7e]+$/.test(text) ? text : 'unnamed';
}

/** The checks that Linux makes (fs/binfmt_elf.c), and that no segment leaves the address space or the file. */
function checkSegments(segments: readonly Segment[], fileLength: number, name: string): void {
  if (segments.length === 0) throw new LoadError(`${name}: nothing to load`);
  let end = 0;
  for (const { address, memorySize, fileOffset, fileSize } of segments) {
    if (fileOffset + fileSize > fileLength) throw new LoadError(`${name}: truncated ELF file`);
    const misplaced = ((address ^ fileOffset) & 0xfff) !== 0 || fileSize > memorySize || address < end;
    if (misplaced) throw new LoadError(`${name}: malformed program headers`);
    end = address + memorySize;
  }
}

function addressOf(segments: readonly Segment[], fileOffset: number): number {
  for (const segment of segments) {
    const offset = fileOffset - segment.fileOffset;
    if (offset >= 0 && offset < segment.fileSize) return segment.address + offset;
  }
  return 0;
}
