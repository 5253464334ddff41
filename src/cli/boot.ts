/** `xlat86 boot`: runs a whole PC: a kernel, or what firmware finds on a disk, CD or floppy. */
import { accessSync, constants, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { constants as hostConstants } from 'node:os';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { Vector } from '../../runtime/abi/vector.ts';
import type { BlockStore } from '../../runtime/bus/block-store.ts';
import { cpuNames } from '../../runtime/cpu/model.ts';
import { BootError } from '../boot/boot-error.ts';
import { checkPartitions } from '../boot/partition-table.ts';
import { overlay } from '../disk/overlay.ts';
import { openFileStore } from '../host/node-block-store.ts';
import type { CodeKind, CpuName, Pc, PcStop, Tier } from '../index.ts';
import { Progress } from './boot/progress.ts';
import { attachTerminal, KEYS_HELP } from './boot/terminal.ts';
import { typeKeys } from './boot/terminal-keys.ts';
import { TextDisplay } from './boot/text-display.ts';
import { heedBranchHints } from './branch-hints.ts';
import { codeOption } from './code-option.ts';
import { UsageError } from './failure.ts';
import { avoidOnStackReplacement } from './on-stack-replacement.ts';
import { printStatistics } from './statistics.ts';

interface BootOptions {
  readonly memory: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly load?: string;
  readonly disk?: string;
  readonly cdrom?: string;
  readonly floppy?: string;
  readonly bios?: string;
  readonly vgabios?: string;
  readonly write?: true;
  readonly bootMenu?: true;
  readonly tier: Tier;
  readonly code: CodeKind;
  readonly cpu: CpuName;
  readonly clock: 'host' | 'virtual';
  readonly display?: 'text';
  readonly screenshot?: string;
  readonly serial2?: string;
  readonly reboot?: true;
  readonly debugcon?: true;
  readonly stats?: true;
  readonly verify?: true;
}

/** Where Debian's package `seabios` puts them. */
const BIOS = '/usr/share/seabios/bios-256k.bin';
const VGA_BIOS = '/usr/share/seabios/vgabios-stdvga.bin';
const DISK_SECTOR = 512;
const CD_SECTOR = 2048;
/** Sectors of a floppy of 2.88 MB. */
const LARGEST_FLOPPY = 5760;
/** Milliseconds that firmware waits with --boot-menu. */
const BOOT_MENU_WAIT = 5000;
/** Exit status after a triple fault, and when the guest stopped for good. */
const EXIT_SHUTDOWN = 1;

const examples = `
The first serial port is the terminal: every key goes to the guest but Ctrl-A. Ctrl-A X ends the machine, Ctrl-A H says
what else there is. With --display text the terminal shows the VGA text screen and its keys are the PC's keyboard.
Ctrl-A S and SIGUSR1 save the screen (--screenshot) at once.

Nothing is written to an image unless --write says so: what the guest writes is kept in memory until the end.
Without --kernel a BIOS (SeaBIOS from Debian's package seabios, or --bios) boots from floppy, CD or disk, the first of
them that is given. --kernel starts a kernel without firmware, Linux at its 32-bit entry; with --bios too, that BIOS
starts a Linux kernel through its 16-bit setup code.

Exit status: 0 when the guest switches the machine off or Ctrl-A X ends it, 1 after a triple fault or a halt for good,
2 when there is nothing that could be booted or an option is wrong, 128 and its number after a signal; a test guest's own
through port F4h.

Examples:
  xlat86 boot --kernel vmlinuz --initrd initrd.img --append console=ttyS0
  xlat86 boot --disk disk.img --display text
  xlat86 boot --cdrom memtest.iso --display text --memory 64
  xlat86 boot --kernel vmlinuz --append console=ttyS0 --clock virtual --tier 0 --stats`;

/** The command, for main.ts. */
export function bootCommand(): Command {
  return (
    new Command('boot')
      .summary('run a whole PC')
      .description('Runs a whole PC: a Linux, Multiboot or ELF kernel, or what its BIOS finds on a disk, CD or floppy.')
      .usage('[options]')
      .option('--memory <MB>', 'memory, 16 to 2047', '128')
      .option('--kernel <file>', 'start this kernel: Linux bzImage, Multiboot or ELF')
      .option('--initrd <file>', 'its initial RAM disk')
      .option('--append <text>', "the kernel's command line")
      .option('--load <address>', 'the kernel is a flat image for this address (hexadecimal), where it begins')
      .option('--disk <file>', 'hard disk image')
      .option('--cdrom <file>', 'CD image')
      .option('--floppy <file>', 'floppy image')
      .option('--bios <file>', 'firmware to start instead of SeaBIOS, or before --kernel')
      .option('--vgabios <file>', 'BIOS of the display')
      .option('--boot-menu', 'firmware waits five seconds for the key that brings its boot menu')
      .option('--write', 'write to the disk and floppy images themselves')
      .addOption(tierOption())
      .addOption(codeOption())
      .addOption(new Option('--cpu <model>', 'processor that the guest finds').choices(cpuNames).default('max'))
      .addOption(
        new Option('--clock <clock>', "the host's time, or time from the count of instructions, the same in every run")
          .choices(['host', 'virtual'])
          .default('host'),
      )
      .addOption(new Option('--display <kind>', 'show the VGA text screen in the terminal').choices(['text']))
      .option('--screenshot <file.png>', 'save the screen at the end and at SIGUSR1')
      .option('--serial2 <file>', 'write to this file what the second serial port sends')
      .option('--reboot', 'restart after a triple fault instead of ending')
      .option('--debugcon', 'print what the firmware logs on stderr')
      .option('--stats', 'print statistics of the translation at the end')
      // Said to whoever knows it from `exec`.
      .addOption(new Option('--verify').hideHelp())
      .allowExcessArguments()
      .addHelpText('after', examples)
      .action(boot)
  );
}

function tierOption(): Option {
  return new Option('--tier <tier>', 'interpret only, compile at once, or go by hotness')
    .choices(['0', '1', 'auto'])
    .default('auto');
}

async function boot(options: BootOptions, command: Command): Promise<void> {
  const [word] = command.args;
  if (word !== undefined) {
    throw new UsageError(`too many arguments: is ${word} a --kernel, --disk, --cdrom or --floppy?`);
  }
  if (options.verify) throw new UsageError('--verify is for user mode alone (xlat86 exec --verify)');
  for (const name of ['initrd', 'append', 'load'] as const) {
    if (options[name] !== undefined && options.kernel === undefined) throw new UsageError(`--${name} needs --kernel`);
  }
  const usesBios = options.kernel === undefined || options.bios !== undefined;
  if (options.bootMenu && !usesBios) {
    throw new UsageError('--boot-menu has no use with --kernel, which starts without firmware unless there is --bios');
  }
  if ([options.kernel, options.disk, options.cdrom, options.floppy, options.bios].every((file) => file === undefined)) {
    throw new UsageError('there is nothing to boot: give --kernel, --disk, --cdrom or --floppy (see --help)');
  }
  if (options.screenshot !== undefined) checkFolder('--screenshot', options.screenshot);
  const second = options.serial2 === undefined ? undefined : openOutput('--serial2', options.serial2);
  const print = (line: string): void => {
    progress?.clear();
    process.stderr.write(line + '\n');
  };
  const kernel = options.kernel === undefined ? undefined : kernelOf(options, options.kernel);
  const bios = usesBios ? readImage(options.bios ?? firmware(BIOS, 'BIOS', '--bios'), 'BIOS') : undefined;
  const vgaPath = options.vgabios ?? (existsSync(VGA_BIOS) ? VGA_BIOS : undefined);
  // Until the guest says something: loading and what decompresses itself take a while.
  const isWatched = process.stderr.isTTY && options.display === undefined;
  const progress = isWatched ? new Progress(() => machine.retired, process.stderr) : undefined;
  if (options.tier !== '0' && options.code === 'javascript') avoidOnStackReplacement();
  if (options.code === 'wasm') heedBranchHints();
  const { Pc } = await import('../index.ts');
  const machine: Pc = new Pc({
    memory: parseMemory(options.memory),
    tier: options.tier,
    code: options.code,
    cpu: options.cpu,
    clock: options.clock,
    kernel,
    bios,
    vgaBios: vgaPath === undefined ? undefined : readImage(vgaPath, 'VGA BIOS'),
    disk: options.disk === undefined ? undefined : openDisk(options.disk, options.write === true),
    cdrom: options.cdrom === undefined ? undefined : openImage(options.cdrom, CD_SECTOR, false),
    floppy: options.floppy === undefined ? undefined : openFloppy(options.floppy, options.write === true),
    bootMenu: options.bootMenu === undefined ? undefined : BOOT_MENU_WAIT,
    reboot: options.reboot,
    onSerial: (bytes) => {
      progress?.stop();
      if (options.display === undefined) process.stdout.write(bytes);
    },
    onSerial2: (bytes) => {
      if (second !== undefined) writeSync(second, bytes);
    },
    onDebug: (byte) => {
      if (options.debugcon !== undefined) process.stderr.write(Uint8Array.of(byte));
    },
  });
  if (isWatched) print(`xlat86: ${KEYS_HELP}`);
  progress?.start();
  try {
    process.exitCode = await runInTerminal(machine, options, print);
  } finally {
    progress?.stop();
  }
  if (options.stats !== undefined) printStatistics(machine.retired, machine.statistics, print);
  // Input that nobody reads any more must not keep the host waiting.
  process.exit();
}

/** Run with the terminal attached. @returns the exit status. */
async function runInTerminal(machine: Pc, options: BootOptions, print: (line: string) => void): Promise<number> {
  const abort = new AbortController();
  const isText = options.display === 'text';
  const display = isText ? new TextDisplay(() => machine.screenText(), process.stdout) : undefined;
  /** A line of ours while the guest runs, for whoever sits at the terminal. */
  const say = (text: string): void => {
    if (display !== undefined) display.say(` ${text} `);
    else if (process.stderr.isTTY) print(`xlat86: ${text}`);
  };
  const shoot = async (): Promise<string> => {
    if (options.screenshot === undefined) return 'there is no --screenshot to save the screen to';
    const { savePng } = await import('./boot/screenshot.ts');
    try {
      savePng(machine.screenFrame(), options.screenshot);
      return `saved ${options.screenshot}`;
    } catch (error) {
      const message = `--screenshot ${options.screenshot}: ${(error as Error).message}`;
      if (display === undefined) print(`xlat86: ${message}`);
      return message;
    }
  };
  const save = async (): Promise<void> => say(await shoot());
  const detach = attachTerminal({
    onInput: (bytes) => {
      display?.say(undefined);
      if (isText) typeKeys(Buffer.from(bytes).toString('latin1'), (code, isDown) => machine.key(code, isDown));
      else machine.send(bytes);
    },
    onLeave: () => abort.abort(),
    onSave: () => void save(),
    onHelp: () => say(KEYS_HELP),
    onRedraw: () => display?.redraw(),
  });
  let status: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      status = 128 + hostConstants.signals[signal];
      abort.abort();
    });
  }
  process.on('SIGUSR1', () => void save());
  display?.start();
  display?.say(` ${KEYS_HELP} `);
  try {
    const stop = await machine.run({ signal: abort.signal });
    display?.say(undefined);
    display?.draw();
    await shoot();
    display?.stop();
    return status ?? report(stop, print);
  } finally {
    display?.stop();
    detach();
  }
}

/** Say how it ended where that is not plain. @returns the exit status. */
function report(stop: PcStop, print: (line: string) => void): number {
  const hex = (value: number): string => value.toString(16).toUpperCase();
  switch (stop.kind) {
    case 'exit':
      return stop.status;
    case 'halted':
      print(`xlat86: the guest halted with interrupts off, at EIP ${hex(stop.eip)}`);
      return EXIT_SHUTDOWN;
    case 'shutdown': {
      const { vector, errorCode, selector, eip } = stop;
      print(
        `xlat86: triple fault at ${hex(selector)}:${hex(eip)}: ${exceptionName(vector)}, error code ${hex(errorCode)}, ` +
          'could not be delivered',
      );
      return EXIT_SHUTDOWN;
    }
    default:
      return 0;
  }
}

/** As the manual writes it: #GP. */
function exceptionName(vector: number): string {
  const name = Object.entries(Vector).find(([, number]) => number === vector)?.[0];
  return name === undefined ? `exception ${vector}` : `#${name}`;
}

function kernelOf(options: BootOptions, path: string): NonNullable<ConstructorParameters<typeof Pc>[0]['kernel']> {
  return {
    image: readImage(path, 'kernel'),
    name: path,
    initrd: options.initrd === undefined ? undefined : readImage(options.initrd, 'initrd'),
    append: options.append,
    address: options.load === undefined ? undefined : parseAddress(options.load),
  };
}

/** @throws BootError with one line. */
function readImage(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new BootError(`${path}: this ${what} ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'is not there';
  if (code === 'EISDIR') return 'is a directory';
  return code === 'EACCES' ? 'may not be read' : 'cannot be read';
}

function firmware(path: string, what: string, option: string): string {
  if (existsSync(path)) return path;
  throw new BootError(`there is no ${what} at ${path}: install the package seabios, or name one with ${option}`);
}

function openImage(path: string, sectorBytes: number, isWritten: boolean): BlockStore {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new BootError(`${path}: this image is a directory`);
    if (stat.isFile() && stat.size % sectorBytes !== 0) {
      throw new BootError(
        `${path}: this image of ${stat.size} bytes is no whole number of sectors of ${sectorBytes} (truncated?)`,
      );
    }
    const store = openFileStore(path, sectorBytes, isWritten);
    if (store.sectors === 0) throw new BootError(`${path}: this image is empty`);
    return store;
  } catch (error) {
    if (error instanceof BootError) throw error;
    const isDenied = ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
    throw new BootError(`${path}: this image ${isDenied && isWritten ? 'may not be written' : reasonOf(error)}`);
  }
}

function openDisk(path: string, isWritten: boolean): BlockStore {
  const store = openImage(path, DISK_SECTOR, isWritten);
  const first = new Uint8Array(DISK_SECTOR);
  // A file is read at once.
  void store.read(0, first);
  checkPartitions(first, store.sectors, path);
  return isWritten ? store : overlay(store);
}

/** The guest can write to a floppy, but only --write lets that reach the image. */
function openFloppy(path: string, isWritten: boolean): BlockStore {
  const store = openImage(path, DISK_SECTOR, isWritten);
  if (store.sectors > LARGEST_FLOPPY) {
    throw new BootError(`${path}: this image is larger than any floppy, 2.88 MB: is it a --disk or a --cdrom?`);
  }
  return isWritten ? store : overlay(store);
}

/** A file that is written at the end shall not fail then. */
function checkFolder(option: string, path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) throw new UsageError(`${option} ${path}: this is a directory`);
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch {
    throw new UsageError(`${option} ${path}: there is no folder ${dirname(path)} that can be written to`);
  }
}

/** @returns the descriptor of a file that begins empty. */
function openOutput(option: string, path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new UsageError(`${option} ${path}: ${(error as Error).message}`);
  }
}

function parseMemory(text: string): number {
  const megabytes = Number(text);
  if (!/^\d+$/.test(text)) throw new UsageError(`--memory ${text}: expected a number of megabytes`);
  return megabytes;
}

function parseAddress(text: string): number {
  const address = Number.parseInt(text, 16);
  if (!/^(0x)?[0-9a-f]{1,8}$/i.test(text)) throw new UsageError(`--load ${text}: expected a hexadecimal address`);
  return address;
}
