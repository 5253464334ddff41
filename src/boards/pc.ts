/**
 * The board of a PC with the i440FX chip set: which device answers at which ports and addresses, and on which line it
 * asks for the processor. Devices know the bus alone; what joins them is here.
 */
import { AddressSpace } from '../../runtime/bus/address-space.ts';
import type { BlockStore } from '../../runtime/bus/block-store.ts';
import type { Clock } from '../../runtime/bus/clock.ts';
import type { Device } from '../../runtime/bus/device.ts';
import { type Line, wiredOr } from '../../runtime/bus/line.ts';
import { Ports } from '../../runtime/bus/ports.ts';
import type { Ram } from '../../runtime/bus/ram.ts';
import { PowerManagement } from '../../runtime/devices/acpi/power-management.ts';
import { type AcpiOptions, acpiFiles } from '../../runtime/devices/acpi/tables.ts';
import { cmosSetup } from '../../runtime/devices/cmos-setup.ts';
import { attachDebugConsole, attachDebugExit } from '../../runtime/devices/debug-port.ts';
import { Dma } from '../../runtime/devices/dma.ts';
import { FloatError } from '../../runtime/devices/float-error.ts';
import { FloppyController } from '../../runtime/devices/floppy/controller.ts';
import { FwCfg } from '../../runtime/devices/fw-cfg.ts';
import { Hpet } from '../../runtime/devices/hpet.ts';
import { AtaDisk } from '../../runtime/devices/ide/ata-disk.ts';
import { AtapiCdRom } from '../../runtime/devices/ide/atapi-cdrom.ts';
import { IdeController } from '../../runtime/devices/ide/controller.ts';
import { IoApic } from '../../runtime/devices/io-apic.ts';
import { LocalApic } from '../../runtime/devices/local-apic.ts';
import { PciBus } from '../../runtime/devices/pci/bus.ts';
import { HostBridge } from '../../runtime/devices/pci/host-bridge.ts';
import { IsaBridge } from '../../runtime/devices/pci/isa-bridge.ts';
import { Pic } from '../../runtime/devices/pic.ts';
import { Pit } from '../../runtime/devices/pit.ts';
import { Ps2Controller } from '../../runtime/devices/ps2/controller.ts';
import { Keyboard } from '../../runtime/devices/ps2/keyboard.ts';
import { Mouse } from '../../runtime/devices/ps2/mouse.ts';
import { Rtc } from '../../runtime/devices/rtc.ts';
import { SystemControl } from '../../runtime/devices/system-control.ts';
import { Uart } from '../../runtime/devices/uart.ts';
import { Vga } from '../../runtime/devices/vga/vga.ts';
import type { FirmwareKernel } from '../boot/linux-firmware.ts';

/** Media in the drives. */
export interface PcDrives {
  /** Drive A; the drive is there, a 1.44 MB one, without a floppy too. */
  readonly floppy?: BlockStore | undefined;
  /** Primary master. */
  readonly disk?: BlockStore | undefined;
  /** Secondary master; the drive is there without a disc too. */
  readonly cdrom?: BlockStore | undefined;
}

/** What the board is made of and whom it tells. */
export interface PcBoardOptions {
  /** Bytes of RAM, whole megabytes. */
  readonly ramBytes: number;
  /** Firmware, a multiple of 4 KiB; it ends at 4 GiB, and its last 128 KiB at 1 MiB too. */
  readonly bios: Uint8Array;
  /** The display's own BIOS, which firmware runs. */
  readonly vgaBios?: Uint8Array | undefined;
  readonly drives: PcDrives;
  /** What beside the board's own is for the firmware in fw_cfg: files by name, items by number. */
  readonly firmware?: FirmwareKernel | undefined;
  /** Milliseconds that the firmware waits for the key that brings its boot menu. */
  readonly bootMenu?: number | undefined;
  /** What the clock on the board shows at power-on: seconds since 1970, in the guest's time zone. */
  readonly startTime: number;
  /** A byte from a serial port: 0 is COM1, 1 is COM2. */
  readonly onSerial: (byte: number, port: 0 | 1) => void;
  /** A byte from a debug console: port 402h, where firmware logs, or E9h. */
  readonly onDebug: (byte: number, port: number) => void;
  /** The guest wrote to the test exit port. @param status of the process, 2n + 1. */
  readonly onExit: (status: number) => void;
  /** The guest asks for a reset of the processor, and of the devices too when `hard`. */
  readonly onReset: (hard: boolean) => void;
  readonly onNmi: () => void;
  /** IGNNE#: the processor is to ignore its pending x87 exception. */
  readonly onIgnoreFloatError: () => void;
  /** The guest switched the machine off. */
  readonly onPowerOff: () => void;
}

/** Video memory lies behind RAM and ROM in the host buffer. */
const VIDEO_BYTES: number = 16 << 20;
const VGA_DEVICE = 2;
/** Bus, device and function of the display, as PCI firmware calls have it. */
export const DISPLAY_FUNCTION: number = VGA_DEVICE << 3;
const COM1 = 0x3f8;
const COM2 = 0x2f8;
const E9_CONSOLE = 0xe9;
const FIRMWARE_CONSOLE = 0x402;
const EXIT_PORT = 0xf4;
const VGA_BIOS = 0xc0000;
const PCI_ADDRESS = 0xcf8;
const PCI_DATA = 0xcfc;
/** The host bridge's attribute registers 1 and 2, at 5Ah and 5Bh of its configuration space: C0000h to CFFFFh. */
const PCI_ATTRIBUTES = 0x80000058 | 0;
const READ_AND_WRITE_RAM = 0x33;
/** The timing registers of both IDE channels, whose bit 15 has them answer at their ports. */
const PCI_IDE_TIMING = 0x80000940 | 0;
const DECODE_BOTH = 0x80008000 | 0;
const LOW_MEMORY = 0xa0000;
const MEGABYTE = 0x100000;
/** The 8254 is input 2 of the I/O APIC; all other ISA interrupts have their own number there. */
const TIMER_PIN = 2;
const IO_APIC_PINS = 24;

/** What the ACPI tables of a board say. */
export function acpiOptions(ramBytes: number): AcpiOptions {
  return { ramEnd: ramBytes, hasHpet: true };
}

/** Bytes of host buffer that a board needs. */
export function bufferBytes(ramBytes: number, bios: Uint8Array): number {
  return ramBytes + bios.length + VIDEO_BYTES;
}

export class PcBoard {
  readonly ports: Ports = new Ports();
  readonly memory: AddressSpace;
  readonly interrupts: LocalApic;
  /** COM1 and COM2. */
  readonly serial: readonly [Uart, Uart];
  readonly keyboard: Keyboard;
  readonly mouse: Mouse;
  readonly vga: Vga;
  readonly floatError: FloatError;
  private readonly devices: readonly Device[];

  /** @param ram of bufferBytes() bytes. */
  constructor(ram: Ram, clock: Clock, options: PcBoardOptions) {
    const { ports } = this;
    const {
      ramBytes,
      bios,
      vgaBios,
      drives,
      onSerial,
      onDebug,
      onExit,
      onReset,
      onNmi,
      onIgnoreFloatError,
      onPowerOff,
    } = options;
    const memory = new AddressSpace(ram);
    this.memory = memory;
    memory.mapRam(0, LOW_MEMORY, 0);
    memory.mapRam(MEGABYTE, ramBytes - MEGABYTE, MEGABYTE);
    ram.u8.set(bios, ramBytes);
    memory.mapRam(-bios.length, bios.length, ramBytes, { readable: true, writable: false });

    const pic = new Pic(ports);
    const localApic = new LocalApic({ memory, clock, pic, onNmi });
    this.interrupts = localApic;
    pic.output = localApic.lint0;
    const ioApic = new IoApic(memory, localApic);
    // A PIRQ may be routed to an interrupt that another device drives, the SCI's for one.
    const wires = Array.from({ length: 16 }, (_, irq) =>
      wiredOr(join(pic.input(irq), ioApic.input(irq === 0 ? TIMER_PIN : irq)), 2),
    );
    const lines = wires.map(([device]) => device!);
    const routed = wires.map(([, pirq]) => pirq!);

    const pci = new PciBus(ports, memory);
    const hostBridge = new HostBridge(pci, memory, { place: ramBytes, bytes: bios.length });
    const isaBridge = new IsaBridge(pci, ports, routed, onReset);
    const power = new PowerManagement({ bus: pci, ports, clock, sci: lines[9]!, onPowerOff });
    const ide = new IdeController({ bus: pci, ports, memory, clock, lines });
    if (drives.disk !== undefined) ide.primary.attach(0, new AtaDisk(ide.primary, drives.disk));
    ide.secondary.attach(0, new AtapiCdRom(ide.secondary, drives.cdrom));
    this.vga = new Vga({
      ports,
      memory,
      clock,
      bus: pci,
      device: VGA_DEVICE,
      place: ramBytes + bios.length,
      bytes: VIDEO_BYTES,
      ...(vgaBios === undefined ? {} : { rom: vgaBios }),
    });

    const hpet = new Hpet({
      memory,
      clock,
      irq0: lines[0]!,
      irq8: lines[8]!,
      inputs: Array.from({ length: IO_APIC_PINS }, (_, pin) => ioApic.input(pin)),
    });
    const pit = new Pit({ ports, clock, irq: hpet.pitOutput });
    const dma = new Dma(ports, memory);
    const floppy = new FloppyController({ ports, clock, line: lines[6]!, dma: dma.channel(2) });
    floppy.drives[0].setMedium(drives.floppy);
    const cmos = cmosSetup({
      memoryBytes: ramBytes,
      floppies: [floppy.drives[0].format.cmosType, 0],
      disks: [drives.disk !== undefined, false],
      // Firmware would try a drive without a floppy for a while.
      bootOrder: drives.floppy === undefined ? ['disk', 'cdrom'] : ['floppy', 'disk', 'cdrom'],
    });
    const rtc = new Rtc({ ports, clock, irq: hpet.rtcOutput, start: options.startTime, memory: cmos });
    const control = new SystemControl({ ports, memory, pit, onReset: () => onReset(false) });
    this.keyboard = new Keyboard(clock);
    this.mouse = new Mouse(clock);
    const ps2 = new Ps2Controller({
      ports,
      clock,
      memory,
      keyboardIrq: lines[1]!,
      mouseIrq: lines[12]!,
      keyboard: this.keyboard,
      mouse: this.mouse,
      onReset: () => onReset(false),
    });
    this.serial = [
      new Uart({ ports, clock, irq: lines[4]!, port: COM1, onTransmit: (byte) => onSerial(byte, 0) }),
      new Uart({ ports, clock, irq: lines[3]!, port: COM2, onTransmit: (byte) => onSerial(byte, 1) }),
    ];
    this.floatError = new FloatError({ ports, irq: lines[13]!, onIgnore: onIgnoreFloatError });
    const fwCfg = new FwCfg({
      ports,
      memory,
      memoryMap: [
        { pa: 0, bytes: ramBytes, kind: 'ram' },
        { pa: 2 ** 32 - bios.length, bytes: bios.length, kind: 'reserved' },
      ],
      files: new Map([...acpiFiles(acpiOptions(ramBytes)), ...(options.firmware?.files ?? [])]),
      items: options.firmware?.items,
      bootMenu: options.bootMenu,
    });
    attachDebugConsole(ports, (byte) => onDebug(byte, FIRMWARE_CONSOLE));
    ports.claim(E9_CONSOLE, 1, { read8: () => E9_CONSOLE, write8: (_port, value) => onDebug(value, E9_CONSOLE) });
    attachDebugExit(ports, onExit, EXIT_PORT);
    this.devices = [
      ...[pic, localApic, ioApic, hostBridge, isaBridge, power, ide, this.vga, hpet, pit, rtc, dma, floppy, control],
      ...[this.keyboard, this.mouse, ps2, ...this.serial, fwCfg, this.floatError],
    ];
  }

  /** What firmware does for the IDE controller, without which drivers take the channels for absent. */
  enableIde(): void {
    this.ports.write32(PCI_ADDRESS, PCI_IDE_TIMING);
    this.ports.write32(PCI_DATA, DECODE_BOTH);
  }

  /** What firmware does for the display's BIOS: RAM from C0000h to C7FFFh, with the ROM's bytes. */
  shadowVgaBios(rom: Uint8Array): void {
    this.ports.write32(PCI_ADDRESS, PCI_ATTRIBUTES);
    for (const register of [2, 3]) this.ports.write8(PCI_DATA + register, READ_AND_WRITE_RAM);
    this.memory.writeBytes(VGA_BIOS, rom);
  }

  /** What the reset line does to the devices. RAM keeps its contents. */
  reset(): void {
    for (const device of this.devices) device.reset();
  }
}

/** One wire to two inputs. */
function join(first: Line, second: Line): Line {
  return {
    set(high) {
      first.set(high);
      second.set(high);
    },
  };
}
