/**
 * A whole PC: board, processor and what it boots. Runs until it is switched off or stopped, lets other tasks of the host
 * run now and then, and leaves the host idle while the guest is.
 */

import { APIC_BASE, EIP } from '../runtime/abi/state.ts';
import type { BlockStore } from '../runtime/bus/block-store.ts';
import type { Clock } from '../runtime/bus/clock.ts';
import { Ram } from '../runtime/bus/ram.ts';
import type { CacheStatistics } from '../runtime/cache/statistics.ts';
import { type CpuName, cpuModels, systemModel } from '../runtime/cpu/model.ts';
import { acpiImage } from '../runtime/devices/acpi/tables.ts';
import type { Frame, TextScreen } from '../runtime/devices/vga/screen.ts';
import type { CodeKind } from '../translator/index.ts';
import { acpiOptions, bufferBytes, DISPLAY_FUNCTION, PcBoard } from './boards/pc.ts';
import { BootError } from './boot/boot-error.ts';
import { BOOT_ROM_BYTES, bootRom } from './boot/boot-rom.ts';
import type { GuestMemory } from './boot/entry.ts';
import { loadKernel } from './boot/kernel.ts';
import { linuxForFirmware } from './boot/linux-firmware.ts';
import type { Policy, Tier } from './machine.ts';
import { createMachineClock, createSystemCpu, type SystemProcessor } from './system-machine.ts';
import { type RunHost, runSystem } from './system-run.ts';

export type { Frame, TextScreen } from '../runtime/devices/vga/screen.ts';

/** The part of AbortSignal that is used. */
interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** What a PC needs of its host; src/host/system-clock.ts has it. */
export interface PcHost extends RunHost {
  /** Milliseconds since 1970, UTC. */
  realtime(): number;
  /** Ends the current sleep. */
  wake(): void;
}

/** A kernel to start: at once, or through firmware when there is a BIOS too; that must be a Linux kernel then. */
export interface PcKernel {
  /** Linux bzImage, Multiboot, ELF; or a flat image when `address` is given. */
  readonly image: Uint8Array;
  /** File name, for messages. */
  readonly name: string;
  /** Initial RAM disk, for a Linux kernel. */
  readonly initrd?: Uint8Array | undefined;
  /** Kernel command line. */
  readonly append?: string | undefined;
  /** Physical address of a flat image, where it begins too. */
  readonly address?: number | undefined;
}

export interface PcOptions {
  /** Megabytes of RAM, 16 to 2047. Default 128. */
  readonly memory?: number | undefined;
  /** The model of the processor: `max` (the default) has all instructions that there are. */
  readonly cpu?: CpuName | undefined;
  /** Interpret only, compile at once, or go by hotness (the default). */
  readonly tier?: Tier | undefined;
  /** What hot code becomes: `wasm` (the default; JavaScript where the host has no WebAssembly) or `javascript`. */
  readonly code?: CodeKind | undefined;
  /** `host`: the host's time. `virtual`: time from the count of instructions; two runs are identical. */
  readonly clock?: 'host' | 'virtual' | undefined;
  readonly kernel?: PcKernel | undefined;
  /** Firmware image, needed unless there is a kernel; beside a Linux kernel, it starts that by its 16-bit entry. */
  readonly bios?: Uint8Array | undefined;
  /** BIOS of the display. */
  readonly vgaBios?: Uint8Array | undefined;
  /** The hard disk, of sectors of 512 bytes. */
  readonly disk?: BlockStore | undefined;
  /** What is in drive A. */
  readonly floppy?: BlockStore | undefined;
  /** The CD, of sectors of 2048 bytes. */
  readonly cdrom?: BlockStore | undefined;
  /** Milliseconds that the firmware waits for the key that brings its boot menu; none: it does not. */
  readonly bootMenu?: number | undefined;
  /** Restart after a triple fault, as real machines do, instead of ending. */
  readonly reboot?: boolean | undefined;
  /** What the first serial port sends, as it comes. */
  readonly onSerial?: ((bytes: Uint8Array) => void) | undefined;
  /** What the second serial port sends. */
  readonly onSerial2?: ((bytes: Uint8Array) => void) | undefined;
  /** A byte for a debug console, port 402h (firmware) or E9h. */
  readonly onDebug?: ((byte: number, port: number) => void) | undefined;
  /** Thresholds of the translation cache. */
  readonly policy?: Partial<Policy> | undefined;
}

export interface PcRunOptions {
  /** Ends the run; it can go on later. */
  readonly signal?: StopSignal | undefined;
  /** Most instructions to run, exactly under a virtual clock. Default no limit. */
  readonly maxInstructions?: number | undefined;
}

/** Why a run ended. Numbers are unsigned. */
export type PcStop =
  /** The guest switched the machine off. */
  | { readonly kind: 'poweroff' }
  /** A test guest ended with this process status (2n + 1 for its n). */
  | { readonly kind: 'exit'; readonly status: number }
  /** HLT with interrupts off: nothing will ever happen. */
  | { readonly kind: 'halted'; readonly eip: number }
  /** Triple fault: the exception that could not be delivered, and where it all began. */
  | {
      readonly kind: 'shutdown';
      readonly vector: number;
      readonly errorCode: number;
      readonly selector: number;
      readonly eip: number;
    }
  | { readonly kind: 'limit' | 'aborted' };

/**
 * A kernel runs much code a little, so its regions come later than programs'; but those that there are may be large: control
 * goes back and forth in a kernel, and each way out of a region costs. 1,000 instructions boot Linux in 9.5 s, 200 in 10.5 s,
 * 2,500 no sooner. With the kernel's threshold for programs too, a guest's own compiler ran most of its code in tier 0.
 */
const kernelPolicy: Partial<Policy> = {
  supervisorFactor: 10,
  supervisorInstructions: 1000,
  compileAllowance: Number.POSITIVE_INFINITY,
  shortestRun: 0,
};

const SMALLEST_MEMORY = 16;
const LARGEST_MEMORY = 2047;
const DEFAULT_MEMORY = 128;
const MEGABYTE: number = 1 << 20;
/** Nanoseconds an instruction takes under the virtual clock. */
const VIRTUAL_NS = 5;
/** When a virtual machine was switched on: it must not depend on the day. 2025-01-01 00:00 UTC, in seconds. */
const VIRTUAL_START = 1_735_689_600;
const ROM_GRANULARITY = 4096;
/** Room at the top of RAM for the ACPI tables of a kernel that starts without firmware, and in it for their root. */
const ACPI_BYTES = 0x10000;
const ROOT_POINTER_BYTES = 64;

export class Pc {
  readonly #host: PcHost;
  readonly #options: PcOptions;
  readonly #clock: Clock;
  readonly #ram: Ram;
  readonly #ramBytes: number;
  readonly #board: PcBoard;
  readonly #processor: SystemProcessor;
  /** What COM1 and COM2 have sent since the host's last turn. */
  readonly #serialOut: readonly [number[], number[]] = [[], []];
  #ended: PcStop | undefined;
  #reset: 'soft' | 'hard' | undefined;

  /** @throws BootError when what is to be booted cannot be. */
  constructor(options: PcOptions, host: PcHost) {
    const {
      memory = DEFAULT_MEMORY,
      kernel,
      tier = 'auto',
      code,
      clock: time = 'host',
      cpu: model = 'max',
      policy,
    } = options;
    if (!Number.isInteger(memory) || memory < SMALLEST_MEMORY || memory > LARGEST_MEMORY) {
      throw new BootError(`memory of ${memory} MB is out of range: ${SMALLEST_MEMORY} to ${LARGEST_MEMORY}`);
    }
    const bios = options.bios ?? (kernel === undefined ? undefined : new Uint8Array(BOOT_ROM_BYTES));
    if (bios === undefined) throw new BootError('there is nothing to boot: neither a BIOS nor a kernel');
    if (bios.length === 0 || bios.length % ROM_GRANULARITY !== 0) {
      throw new BootError(`a BIOS is a multiple of 4 KiB long, and this one has ${bios.length} bytes`);
    }
    this.#host = host;
    this.#options = options;
    this.#ramBytes = memory * MEGABYTE;
    const isVirtual = time === 'virtual';
    const machineClock = createMachineClock(
      isVirtual ? { perInstruction: VIRTUAL_NS } : { host: () => host.monotonic() * 1e6 },
    );
    this.#clock = machineClock.clock;
    this.#ram = new Ram(bufferBytes(this.#ramBytes, bios));
    this.#board = new PcBoard(this.#ram, this.#clock, {
      ramBytes: this.#ramBytes,
      bios,
      vgaBios: options.vgaBios,
      drives: { floppy: options.floppy, disk: options.disk, cdrom: options.cdrom },
      firmware:
        kernel === undefined || options.bios === undefined
          ? undefined
          : linuxForFirmware(kernel.image, this.#ramBytes, kernel),
      bootMenu: options.bootMenu,
      startTime: isVirtual ? VIRTUAL_START : host.realtime() / 1000,
      onSerial: (byte, port) => {
        this.#serialOut[port].push(byte);
      },
      onDebug: (byte, port) => options.onDebug?.(byte, port),
      onExit: (status) => this.#end({ kind: 'exit', status }),
      onReset: (hard) => this.#requestReset(hard ? 'hard' : 'soft'),
      onPowerOff: () => this.#end({ kind: 'poweroff' }),
      onNmi: () => this.#processor.cpu.raiseNmi(),
      onIgnoreFloatError: () => this.#processor.ignoreFloatError(),
    });
    const { memory: bus, ports, interrupts } = this.#board;
    this.#processor = createSystemCpu({
      ...machineClock,
      bus,
      ports,
      interrupts,
      model: systemModel(cpuModels[model]),
      tier,
      code,
      stopwatch: () => host.monotonic(),
      floatError: () => this.#board.floatError.assert(),
      onApicBase: () => interrupts.setBase(this.#state[APIC_BASE]!),
      policy: { ...kernelPolicy, ...policy },
    });
    this.#load();
  }

  get #state(): Int32Array {
    return this.#processor.cpu.cpu.state;
  }

  /** Put the kernel into memory, and the way to it into the ROM. */
  #load(): void {
    const { kernel, bios } = this.#options;
    if (kernel === undefined || bios !== undefined) return;
    const memory: GuestMemory = {
      bytes: this.#ramBytes,
      write: (pa, bytes) => this.#board.memory.writeBytes(pa, bytes),
    };
    // Without firmware the tables lie at the top of RAM.
    const tablesAt = this.#ramBytes - ACPI_BYTES;
    const { tables, rootPointer } = acpiImage(acpiOptions(this.#ramBytes), tablesAt);
    const rsdp = this.#ramBytes - ROOT_POINTER_BYTES;
    const entry = loadKernel(kernel.image, memory, { ...kernel, rsdp, reservedBytes: ACPI_BYTES });
    memory.write(tablesAt, tables);
    memory.write(rsdp, rootPointer);
    this.#board.enableIde();
    const { vgaBios } = this.#options;
    if (vgaBios !== undefined) this.#board.shadowVgaBios(vgaBios);
    this.#ram.u8.set(bootRom(entry, vgaBios === undefined ? undefined : DISPLAY_FUNCTION), this.#ramBytes);
  }

  /** Instructions run since the machine was made. */
  get retired(): number {
    return this.#processor.cpu.cpu.retired;
  }

  /** Nanoseconds since power-on, as the guest's timers see it. */
  get now(): number {
    return this.#clock.now;
  }

  /** Counters of the translation cache. */
  get statistics(): Readonly<CacheStatistics> {
    return this.#processor.cpu.cpu.cache.statistics;
  }

  /** The characters on the screen, or nothing while it shows graphics. */
  screenText(): TextScreen | undefined {
    return this.#board.vga.text();
  }

  /** The picture on the screen. Its pixels are the same object at each call while the size stays. */
  screenFrame(): Frame {
    return this.#board.vga.frame();
  }

  /** Type into the first or second serial port. It takes the bytes at its line's speed. */
  send(bytes: Iterable<number>, port: 1 | 2 = 1): void {
    this.#board.serial[port === 1 ? 0 : 1].send(bytes);
    this.#host.wake();
  }

  /** Press or release a key, by its KeyboardEvent.code. Keys that a PC does not have do nothing. */
  key(code: string, isDown: boolean): void {
    if (isDown) this.#board.keyboard.press(code);
    else this.#board.keyboard.release(code);
    this.#host.wake();
  }

  /** Move the mouse by mickeys, to the right and down. */
  moveMouse(dx: number, dy: number, wheel = 0): void {
    this.#board.mouse.move(dx, dy, wheel);
    this.#host.wake();
  }

  /** Mouse buttons that are down: 1 left, 2 right, 4 middle. */
  setMouseButtons(buttons: number): void {
    this.#board.mouse.setButtons(buttons);
    this.#host.wake();
  }

  /** Press the reset button. */
  reset(): void {
    this.#requestReset('hard');
    this.#host.wake();
  }

  #requestReset(kind: 'soft' | 'hard'): void {
    if (this.#reset !== 'hard') this.#reset = kind;
    this.#processor.cpu.requestStop();
  }

  /**
   * Run from where the machine is until something ends that. After 'poweroff', 'exit', 'halted' and 'shutdown' it goes
   * on only after reset().
   */
  async run({ signal, maxInstructions = Number.POSITIVE_INFINITY }: PcRunOptions = {}): Promise<PcStop> {
    const { cpu } = this.#processor;
    const abort = (): void => {
      cpu.requestStop();
      this.#host.wake();
    };
    signal?.addEventListener('abort', abort);
    const end = this.retired + maxInstructions;
    const host: RunHost = {
      monotonic: () => this.#host.monotonic(),
      pause: () => this.#turn(this.#host.pause()),
      sleep: (milliseconds) => this.#turn(this.#host.sleep(milliseconds)),
    };
    try {
      for (;;) {
        if (this.#reset !== undefined) this.#resetNow();
        if (this.#ended !== undefined) return this.#ended;
        if (signal?.aborted) return { kind: 'aborted' };
        const left = end - this.retired;
        if (left <= 0) return { kind: 'limit' };
        const stop = await runSystem(cpu, host, { signal, maxInstructions: left });
        this.#flushSerial();
        if (stop.kind === 'halted') this.#end({ kind: 'halted', eip: this.#state[EIP]! >>> 0 });
        else if (stop.kind === 'shutdown') {
          const { vector, errorCode, selector, eip } = stop;
          if (this.#options.reboot) this.#requestReset('hard');
          else this.#end({ kind: 'shutdown', vector, errorCode, selector, eip: eip >>> 0 });
        }
      }
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** The host's turn: what the guest has said goes out first. */
  #turn(wait: Promise<void>): Promise<void> {
    this.#flushSerial();
    return wait;
  }

  /** The first reason to end is the one. */
  #end(stop: PcStop): void {
    this.#ended ??= stop;
    this.#processor.cpu.requestStop();
  }

  #resetNow(): void {
    if (this.#reset === 'hard') {
      this.#board.reset();
      this.#load();
    }
    this.#reset = undefined;
    this.#ended = undefined;
    this.#processor.reset();
  }

  #flushSerial(): void {
    const { onSerial, onSerial2 } = this.#options;
    for (const [sent, tell] of [[this.#serialOut[0], onSerial] as const, [this.#serialOut[1], onSerial2] as const]) {
      if (sent.length === 0) continue;
      tell?.(Uint8Array.from(sent));
      sent.length = 0;
    }
  }
}
