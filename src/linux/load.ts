/**
 * Maps a program into an empty address space and writes its initial stack: the second step of a program's life, after
 * `elf.ts` and before its first instruction. Addresses are those of Linux/i386 without randomisation.
 */
import type { CpuModel } from '../../runtime/cpu/cpuid.ts';
import { type AddressSpace, LOWEST_PAGE, STACK_TOP, TASK_END } from './address-space.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from './area.ts';
import { type ElfImage, LoadError, PF_R, PF_W, PF_X, PROGRAM_HEADER_SIZE } from './elf.ts';
import { PAGE_SIZE } from './frames.ts';
import type { ProgramImage } from './image.ts';
import { writeStack } from './stack.ts';
import type { UserMemory } from './user-memory.ts';

/** Where a position-independent program goes (ELF_ET_DYN_BASE of i386, rounded as Linux does). */
const RELOCATED_BASE = 0x56555000;
/** Pages that the stack has before it grows (stack_expand). */
const STACK_PAGES = 33;

const CLOCK_TICKS = 100;

/** Who runs the program, for the auxiliary vector. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
}

/** Arguments of a program. Byte strings. */
export interface ProgramArguments {
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** The name that it was started by. */
  readonly fileName: string;
  readonly credentials: Credentials;
  /** 16 bytes. */
  readonly random: Uint8Array;
  readonly model: CpuModel;
}

/** Where execution starts. Unsigned addresses. */
export interface EntryState {
  readonly eip: number;
  readonly esp: number;
}

/**
 * Loads `image` into `space`, which `memory` addresses.
 * @throws LoadError when it does not fit; SystemError E2BIG or ENOMEM.
 */
export function loadProgram(
  space: AddressSpace,
  memory: UserMemory,
  image: ProgramImage,
  program: ProgramArguments,
): EntryState {
  const { elf } = image;
  const bias = elf.relocatable ? RELOCATED_BASE - (elf.segments[0]!.address & -PAGE_SIZE) : 0;
  checkPlacement(elf, bias, image.path);

  let end = 0;
  for (const segment of elf.segments) {
    const address = segment.address + bias;
    const start = Math.floor(address / PAGE_SIZE);
    const fileEnd = address + segment.fileSize;
    const memoryEnd = address + segment.memorySize;
    const filePages = segment.fileSize === 0 ? 0 : Math.ceil(fileEnd / PAGE_SIZE) - start;
    const allPages = Math.ceil(memoryEnd / PAGE_SIZE) - start;
    const prot = protection(segment.flags);
    if (filePages > 0) {
      const backingPage = Math.floor(segment.fileOffset / PAGE_SIZE);
      space.map(start, filePages, { prot, backing: image, backingPage, name: image.path });
    }
    if (allPages > filePages) space.map(start + filePages, allPages - filePages, { prot });
    const tail = Math.min(memoryEnd, (start + filePages) * PAGE_SIZE) - fileEnd;
    if (filePages > 0 && tail > 0 && (prot & PROT_WRITE) !== 0) {
      memory.clear(fileEnd | 0, (start + filePages) * PAGE_SIZE - fileEnd);
    }
    end = Math.max(end, memoryEnd);
  }
  space.breakStart = Math.ceil(end / PAGE_SIZE) * PAGE_SIZE;
  space.breakEnd = space.breakStart;

  const stackProt = PROT_READ | PROT_WRITE;
  space.map(STACK_TOP - STACK_PAGES, STACK_PAGES, { prot: stackProt, growsDown: true, name: '[stack]' });
  const { credentials, model } = program;
  const { uid, gid } = credentials;
  const esp = writeStack(memory, {
    ...program,
    top: STACK_TOP * PAGE_SIZE,
    platform: platformOf(model),
    auxiliary: {
      HWCAP: model.features.edx,
      PAGESZ: PAGE_SIZE,
      CLKTCK: CLOCK_TICKS,
      PHDR: elf.headersAddress === 0 ? 0 : elf.headersAddress + bias,
      PHENT: PROGRAM_HEADER_SIZE,
      PHNUM: elf.headersCount,
      BASE: 0,
      FLAGS: 0,
      ENTRY: elf.entry + bias,
      UID: uid,
      EUID: uid,
      GID: gid,
      EGID: gid,
      SECURE: 0,
      HWCAP2: 0,
    },
  });
  return { eip: elf.entry + bias, esp };
}

/** As uname names the machine: i386 to i686. */
export function platformOf({ family }: CpuModel): string {
  return `i${Math.min(family, 6)}86`;
}

function protection(flags: number): number {
  let prot = 0;
  if ((flags & PF_R) !== 0) prot |= PROT_READ;
  if ((flags & PF_W) !== 0) prot |= PROT_WRITE;
  if ((flags & PF_X) !== 0) prot |= PROT_EXEC;
  return prot;
}

function checkPlacement(elf: ElfImage, bias: number, name: string): void {
  const limit = (TASK_END - (8 << 20) / PAGE_SIZE) * PAGE_SIZE;
  for (const { address, memorySize } of elf.segments) {
    if (memorySize === 0) continue;
    const start = address + bias;
    if (start < LOWEST_PAGE * PAGE_SIZE || start + memorySize > limit) {
      const range = `0x${start.toString(16)}..0x${(start + memorySize).toString(16)}`;
      throw new LoadError(`${name}: maps outside memory (${range})`);
    }
  }
}
