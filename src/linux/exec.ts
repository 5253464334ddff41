/** execve: a program takes the place of the one that runs, in a fresh address space (fs/exec.c). */
import { Errno, fail, SystemError } from './errno.ts';
import { releaseParent } from './exit.ts';
import type { ProgramImage } from './image.ts';
import type { Kernel } from './kernel.ts';
import { loadProgram } from './load.ts';
import { resetRegisters, TLS_COUNT } from './registers.ts';
import { checkAccess, MayAccess } from './syscalls/path.ts';
import { type FileContent, FileType, isType } from './tree/file-system.ts';

/** BINPRM_BUF_SIZE and the depth of scripts that interpret scripts. */
const SCRIPT_LINE = 256;
const SCRIPT_DEPTH = 5;
const AT_RANDOM_SIZE = 16;

/** A program that was found, with the arguments that it gets. */
interface Found {
  readonly image: ProgramImage;
  readonly path: string;
  readonly args: readonly string[];
}

/**
 * Runs the file at `path` (from `base`) in the current process. Byte strings.
 * @throws SystemError as execve(2); LoadError when the file is no program that can be loaded.
 */
export function execute(
  kernel: Kernel,
  base: string,
  path: string,
  args: readonly string[],
  env: readonly string[],
): void {
  const found = find(kernel, base, path, args, 0);
  replaceProgram(kernel, found, path, env);
}

/** Follows `#!` lines to a program. */
function find(kernel: Kernel, base: string, path: string, args: readonly string[], depth: number): Found {
  if (depth > SCRIPT_DEPTH) fail(Errno.ELOOP);
  const place = kernel.tree.resolve(base, path, true);
  const stat = place.stat ?? fail(Errno.ENOENT);
  if (!isType(stat, FileType.Regular)) fail(Errno.EACCES);
  checkAccess(kernel, stat, false, MayAccess.Execute);
  const request = { read: true, write: false, append: false, create: false, exclusive: false, truncate: false };
  const content = place.fileSystem.open(place.path, { ...request, permissions: 0 });
  try {
    const interpreter = scriptInterpreter(content);
    if (interpreter === undefined) {
      const { seconds, nanoseconds } = stat.modified;
      const identity = [place.full, stat.device, stat.inode, stat.size, seconds, nanoseconds].join(':');
      const image = kernel.images.get(identity, place.full, () => readAll(content));
      return { image, path: place.full, args };
    }
    const [name, argument] = interpreter;
    const rest = [...(argument === '' ? [] : [argument]), path, ...args.slice(1)];
    return find(kernel, base, name, [name, ...rest], depth + 1);
  } finally {
    content.close();
  }
}

/** The interpreter and argument of a script's first line. */
function scriptInterpreter(content: FileContent): readonly [string, string] | undefined {
  const buffer = new Uint8Array(SCRIPT_LINE);
  const text = String.fromCharCode(...buffer.subarray(0, content.readAt(buffer, 0)));
  if (!text.startsWith('#!')) return undefined;
  const [line] = text.slice(2).split('\n') as [string];
  const match = /^[ \t]*([^ \t\0]+)[ \t]*(.*?)[ \t\0]*$/.exec(line);
  return match === null ? fail(Errno.ENOEXEC) : [match[1]!, match[2]!];
}

function readAll(content: FileContent): Uint8Array {
  const bytes = new Uint8Array(content.stat().size);
  for (let at = 0; at < bytes.length; ) {
    const count = content.readAt(bytes.subarray(at), at);
    if (count === 0) break;
    at += count;
  }
  return bytes;
}

function replaceProgram(kernel: Kernel, found: Found, fileName: string, env: readonly string[]): void {
  const task = kernel.current;
  const oldSpace = task.space;
  const space = kernel.createSpace();
  space.stackLimit = oldSpace.stackLimit;
  kernel.useSpace(space);
  try {
    const entry = loadProgram(space, kernel.memory, found.image, {
      args: found.args,
      env,
      fileName,
      credentials: kernel.credentials,
      random: kernel.random.bytes(AT_RANDOM_SIZE),
      model: kernel.model,
    });
    task.space = space;
    task.program = found.path;
    task.args = found.args;
    task.name = fileName.slice(fileName.lastIndexOf('/') + 1).slice(0, 15);
    task.tls = new Array<undefined>(TLS_COUNT).fill(undefined);
    task.signals.resetForExec();
    task.descriptors.closeForExec();
    resetRegisters(kernel.processor, entry.eip, entry.esp);
  } catch (error) {
    kernel.useSpace(oldSpace);
    space.release();
    if (error instanceof SystemError && error.errno === Errno.EFAULT) fail(Errno.ENOMEM);
    throw error;
  }
  releaseParent(task);
  kernel.releaseSpace(oldSpace);
  kernel.changed();
}
