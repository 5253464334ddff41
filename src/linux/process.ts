/**
 * A guest program as the library's users see it: bytes, arguments, streams and granted folders in; exit status out.
 *
 * Builds the file tree and the first process, then lets the scheduler run. Everything belongs to one `Process`; any
 * number of them live side by side.
 */

import { type CpuName, cpuModels } from '../../runtime/cpu/model.ts';
import type { CodeKind } from '../../translator/index.ts';
import type { Clock } from './clock.ts';
import { LoadError, parseElf } from './elf.ts';
import { Errno, SystemError } from './errno.ts';
import type { Disassemble } from './exception.ts';
import { execute } from './exec.ts';
import { endTask, killedStatus } from './exit.ts';
import { Descriptors } from './files/descriptors.ts';
import { Device } from './files/device.ts';
import { discard, inputOf } from './files/memory-stream.ts';
import { plainStat } from './files/plain-stat.ts';
import { type InputStream, type OutputStream, StreamFile } from './files/stream-file.ts';
import { type HostTerminal, Terminal } from './files/terminal.ts';
import { Kernel } from './kernel.ts';
import { procViews } from './proc-views.ts';
import type { Processor, ProcessorParts, Tier } from './processor.ts';
import { Scheduler } from './scheduler.ts';
import { Signal, SignalCode, signalName } from './signals.ts';
import { callTable } from './syscalls/table.ts';
import { Task } from './task.ts';
import { toByteString } from './text.ts';
import { type FileSystem, FileType, isType } from './tree/file-system.ts';
import { MemoryFileSystem } from './tree/memory-file-system.ts';
import { ProcFileSystem } from './tree/proc-file-system.ts';
import { ReadOnlyFileSystem } from './tree/read-only.ts';
import { Tree } from './tree/tree.ts';

/** A folder that the guest may see. */
export interface Grant {
  readonly fileSystem: FileSystem;
  /** Absolute guest path. */
  readonly path: string;
  /** Changes are EROFS. */
  readonly readOnly?: boolean;
}

/** The part of AbortSignal that is used. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface ProcessOptions {
  /** The executable: a static i386 ELF file. */
  readonly program: Uint8Array;
  /** Absolute guest path under which the program finds itself. Default `/program`. */
  readonly path?: string;
  /** argv[0]. Default: the path. */
  readonly name?: string;
  /** The arguments after the name. */
  readonly args?: readonly string[];
  /** The environment. Default: empty. */
  readonly env?: Readonly<Record<string, string>>;
  /** Current directory, an absolute guest path. Default `/`. */
  readonly directory?: string;
  /** Default: empty. */
  readonly stdin?: InputStream;
  /** Default: discarded, as is `stderr`. */
  readonly stdout?: OutputStream;
  readonly stderr?: OutputStream;
  /** Folders that the guest sees beside its own `/tmp`. Default: none. */
  readonly grants?: readonly Grant[];
  /** Bytes of guest memory for the program and all that it starts, up to 1920 MiB. Default 1 GiB. */
  readonly memory?: number;
  /** Interpret only, compile at once, or go by hotness (the default). */
  readonly tier?: Tier;
  /** What hot code becomes: `wasm` (the default; JavaScript where the host has no WebAssembly) or `javascript`. */
  readonly code?: CodeKind;
  /** The processor that the program finds: `max` (the default) has all instructions that there are. */
  readonly cpu?: CpuName;
  /** Let tier 0 repeat all that compiled code does; `run` rejects with a `Divergence` at the first difference. */
  readonly verify?: boolean;
  /** Ends the run: `run` rejects with its reason. */
  readonly signal?: AbortSignalLike;
  /** An integer: what the guest takes for random is then the same in each run. */
  readonly seed?: number;
  /** File-creation mask. Default 022. */
  readonly umask?: number;
  /** User and group that the guest takes itself for. Default 1000. */
  readonly uid?: number;
  readonly gid?: number;
  /** Default `localhost`. */
  readonly hostName?: string;
  /** Takes a line for each system call, as strace prints them. */
  readonly strace?: (line: string) => void;
  /** Takes a line when a fault of its own ends a guest process. */
  readonly report?: (line: string) => void;
  /** Names the instruction in such a line. */
  readonly disassemble?: Disassemble;
}

/** What a process needs of its host; src/index.ts fills it in. */
export interface ProcessHost<P extends Processor = Processor> {
  readonly clock: Clock;
  readonly createProcessor: (parts: ProcessorParts) => P;
}

export interface ProcessResult {
  /** As a shell has it: 0 to 255, and 128 + n when signal n ended it. */
  readonly exitCode: number;
  /** `SIGSEGV` and the like. */
  readonly signal?: string;
}

const DEFAULT_MEMORY: number = 1 << 30;
const DEFAULT_PATH = '/program';
const DEFAULT_ID = 1000;
const DEFAULT_HOST_NAME = 'localhost';

export class LinuxProcess<P extends Processor = Processor> {
  /** What all its guest processes run on. */
  readonly processor: P;
  readonly #options: ProcessOptions;
  readonly #kernel: Kernel;
  readonly #scheduler: Scheduler;
  readonly #main: Task;
  #started = false;

  /** @throws RangeError when `memory` is out of range. */
  constructor(options: ProcessOptions, host: ProcessHost<P>) {
    this.#options = options;
    const credentials = { uid: options.uid ?? DEFAULT_ID, gid: options.gid ?? DEFAULT_ID };
    const tree = buildTree(options, credentials);
    let processor: P | undefined;
    this.#kernel = new Kernel({
      clock: host.clock,
      createProcessor: (parts) => (processor = host.createProcessor(parts)),
      credentials,
      tree,
      tier: options.tier ?? 'auto',
      code: options.code,
      model: cpuModels[options.cpu ?? 'max'],
      verify: options.verify ?? false,
      memory: options.memory ?? DEFAULT_MEMORY,
      hostName: options.hostName ?? DEFAULT_HOST_NAME,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    });
    this.processor = processor!;
    tree.mount('/proc', new ProcFileSystem(procViews(this.#kernel)));
    this.#scheduler = new Scheduler(this.#kernel, {
      calls: callTable,
      ...(options.strace === undefined ? {} : { trace: options.strace }),
      ...(options.report === undefined ? {} : { report: options.report }),
      ...(options.disassemble === undefined ? {} : { disassemble: options.disassemble }),
    });
    this.#main = this.#createMain();
  }

  #createMain(): Task {
    const kernel = this.#kernel;
    const directory = toByteString(this.#options.directory ?? '/');
    const main = new Task(kernel.nextPid(), undefined, kernel.clock.monotonic(), {
      space: kernel.createSpace(),
      descriptors: new Descriptors(),
      directory,
    });
    main.umask = this.#options.umask ?? main.umask;
    kernel.tasks.set(main.pid, main);
    this.#openStreams(main);
    return main;
  }

  #openStreams(main: Task): void {
    const { stdin = inputOf(new Uint8Array(0)), stdout = discard, stderr = discard } = this.#options;
    const kernel = this.#kernel;
    const host: HostTerminal | undefined = stdin.terminal ?? stdout.terminal ?? stderr.terminal;
    if (host !== undefined) {
      kernel.terminal = new Terminal(host);
      kernel.terminal.foreground = main.group;
    }
    const wake = (): void => {
      kernel.changed();
      kernel.clock.wake();
    };
    const interrupt = (): void => this.kill('SIGINT');
    for (const ends of [{ input: stdin }, { output: stdout }, { output: stderr }]) {
      const stream = 'input' in ends ? ends.input : ends.output;
      stream.onReady?.(wake);
      const terminal = stream.terminal === undefined ? undefined : kernel.terminal;
      const stat =
        terminal === undefined
          ? plainStat(FileType.Pipe | 0o600, kernel.nextInode())
          : kernel.tree.statCanonical('/dev/tty');
      main.descriptors.add(new StreamFile(stat, ends, terminal, interrupt));
    }
  }

  /**
   * Runs the program, and the processes that it starts, until it has ended.
   * @throws LoadError when it cannot be started; the abort signal's reason.
   */
  async run(): Promise<ProcessResult> {
    if (this.#started) throw new Error('a process runs only once');
    this.#started = true;
    const { signal } = this.#options;
    throwIfAborted(signal);
    this.#load();
    const abort = (): void => this.#scheduler.abort();
    signal?.addEventListener('abort', abort);
    try {
      await this.#scheduler.run(this.#main);
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#endAll();
    }
    throwIfAborted(signal);
    return resultOf(this.#main.status);
  }

  #load(): void {
    const kernel = this.#kernel;
    const { program, path = DEFAULT_PATH, name = path, args = [], env = {} } = this.#options;
    parseElf(program, name);
    kernel.switchTo(this.#main);
    const argv = [name, ...args].map(toByteString);
    const envp = Object.entries(env).map(([key, value]) => toByteString(`${key}=${value}`));
    if (!this.#hasDirectory()) {
      throw new LoadError(
        `${name}: cannot be started in ${this.#options.directory}, which is no directory of the guest`,
      );
    }
    try {
      execute(kernel, '/', toByteString(path), argv, envp);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      const reason = error.errno === Errno.ENOMEM ? 'the guest has too little memory' : error.message;
      throw new LoadError(`${name}: cannot be started (${reason})`);
    }
  }

  #hasDirectory(): boolean {
    try {
      return isType(this.#kernel.tree.statCanonical(this.#main.directory), FileType.Directory);
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  #endAll(): void {
    for (const task of [...this.#kernel.tasks.values()]) {
      if (task.state !== 'ended') endTask(this.#kernel, task, killedStatus(Signal.KILL));
    }
  }

  /**
   * Sends a signal (`SIGINT`, `SIGTERM`, …) to the terminal's foreground processes, or to the program and what is in
   * its process group.
   */
  kill(signal: KillSignal): void {
    const kernel = this.#kernel;
    const group = kernel.terminal?.foreground ?? this.#main.group;
    const targets = kernel.group(group);
    for (const task of targets.length > 0 ? targets : [this.#main]) {
      kernel.send(task, { signal: signalsByName[signal], code: SignalCode.Kernel, pid: 0 });
    }
    kernel.clock.wake();
  }
}

const signalsByName = {
  SIGHUP: Signal.HUP,
  SIGINT: Signal.INT,
  SIGQUIT: Signal.QUIT,
  SIGTERM: Signal.TERM,
  SIGKILL: Signal.KILL,
  SIGUSR1: Signal.USR1,
  SIGUSR2: Signal.USR2,
  SIGWINCH: Signal.WINCH,
  SIGCONT: Signal.CONT,
  SIGTSTP: Signal.TSTP,
} as const;

/** Signals that `kill` sends. */
export type KillSignal = keyof typeof signalsByName;

function resultOf(status: number): ProcessResult {
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: status >> 8 } : { exitCode: 128 + signal, signal: signalName(signal) };
}

function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
}

/** The guest's tree: what is always there, the granted folders, and the program at its path. */
function buildTree(options: ProcessOptions, owner: { readonly uid: number; readonly gid: number }): Tree {
  const root = new MemoryFileSystem({ device: 2 });
  for (const directory of ['dev', 'proc', 'tmp']) root.addDirectory(directory);
  const devices = new MemoryFileSystem({ device: 3 });
  devices.addDevice('null', Device.Null);
  devices.addDevice('zero', Device.Zero);
  devices.addDevice('full', Device.Full);
  devices.addDevice('random', Device.Random);
  devices.addDevice('urandom', Device.Urandom);
  devices.addDevice('tty', Device.Tty);
  devices.addLink('fd', '/proc/self/fd');
  devices.addLink('stdin', '/proc/self/fd/0');
  devices.addLink('stdout', '/proc/self/fd/1');
  devices.addLink('stderr', '/proc/self/fd/2');
  devices.readOnly = true;

  const tree = new Tree(root);
  tree.mount('/dev', devices);
  const temporary = new MemoryFileSystem({ ...owner, device: 4 });
  temporary.setPermissions('', 0o1777);
  tree.mount('/tmp', temporary);
  for (const { fileSystem, path, readOnly } of options.grants ?? []) {
    const guestPath = toByteString(path);
    tree.mount(guestPath, readOnly === true ? new ReadOnlyFileSystem(fileSystem) : fileSystem);
  }
  placeProgram(tree, toByteString(options.path ?? DEFAULT_PATH), options.program, owner);
  root.readOnly = true;
  return tree;
}

/** Puts the program at its path, unless a granted folder has it there already. */
function placeProgram(
  tree: Tree,
  path: string,
  program: Uint8Array,
  owner: { readonly uid: number; readonly gid: number },
): void {
  try {
    const { stat } = tree.resolve('/', path, true);
    if (stat !== undefined && isType(stat, FileType.Regular) && stat.size === program.length) return;
  } catch {
    // Not there, which is what the mount is for.
  }
  tree.mount(path, MemoryFileSystem.ofFile(program, 0o755, { ...owner, device: 5 }));
}
