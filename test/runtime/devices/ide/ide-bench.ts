// An IDE controller on a bench: a disk as master and a CD drive as slave of the primary channel.
import type { BlockStore } from '../../../../runtime/bus/block-store.ts';
import { AtaDisk } from '../../../../runtime/devices/ide/ata-disk.ts';
import { AtapiCdRom } from '../../../../runtime/devices/ide/atapi-cdrom.ts';
import { IdeController } from '../../../../runtime/devices/ide/controller.ts';
import { PciBus } from '../../../../runtime/devices/pci/bus.ts';
import { DeviceBench } from '../../../support/device-bench.ts';

export const DATA = 0x1f0;
export const ERROR = 0x1f1;
export const STATUS = 0x1f7;
export const CONTROL = 0x3f6;
export const BUS_MASTER = 0xc000;

/** Nanoseconds in which a drive does anything. */
const PATIENCE = 1e9;

/** Bytes of a command block from features on, as far as they are given, then the command. */
export interface TaskFile {
  readonly features?: number;
  readonly count?: number;
  readonly low?: number;
  readonly mid?: number;
  readonly high?: number;
  readonly device?: number;
  readonly command: number;
}

/** The ports and values that write a task file, in order. */
export function taskFileWrites(file: TaskFile): (readonly [port: number, value: number])[] {
  const { device = 0xe0, features, count, low, mid, high, command } = file;
  const values = [device, features, count, low, mid, high, command];
  const ports = [0x1f6, 0x1f1, 0x1f2, 0x1f3, 0x1f4, 0x1f5, 0x1f7];
  return ports.flatMap((port, i) => (values[i] === undefined ? [] : [[port, values[i]] as const]));
}

export class IdeBench extends DeviceBench {
  readonly controller: IdeController;
  readonly cd: AtapiCdRom;

  constructor(disk: BlockStore, disc?: BlockStore) {
    super();
    const { ports, memory, clock, lines } = this;
    this.controller = new IdeController({ bus: new PciBus(ports, memory), ports, memory, clock, lines });
    const { primary, pci } = this.controller;
    primary.attach(0, new AtaDisk(primary, disk));
    this.cd = new AtapiCdRom(primary, disc);
    primary.attach(1, this.cd);
    pci.write(0x20, 4, BUS_MASTER);
    pci.write(0x04, 2, 5);
  }

  get irq(): boolean {
    return this.lines[14]!.high;
  }

  /** Write a task file and wait until the drive has done what it can. */
  start(file: TaskFile): void {
    for (const [port, value] of taskFileWrites(file)) this.ports.write8(port, value);
    this.settle();
  }

  /** Let the drives do what they are busy with. */
  settle(): void {
    this.advance(PATIENCE);
  }

  /** Set a register of the bus master or the control block, and wait as start() does. */
  control(port: number, value: number): void {
    this.ports.write8(port, value);
    this.settle();
  }

  /** Status without taking the interrupt back. */
  get status(): number {
    return this.ports.read8(CONTROL);
  }

  /** Registers from error to device. */
  get registers(): number[] {
    return [1, 2, 3, 4, 5, 6].map((offset) => this.ports.read8(DATA + offset));
  }

  readWords(count: number): Uint16Array {
    return Uint16Array.from({ length: count }, () => {
      const word = this.ports.read16(DATA);
      if (this.status & 0x80) this.settle();
      return word;
    });
  }

  writeWords(words: ArrayLike<number>): void {
    for (let i = 0; i < words.length; i++) {
      this.ports.write16(DATA, words[i]!);
      if (this.status & 0x80) this.settle();
    }
  }

  /** Send a packet to the CD drive. */
  packet(bytes: readonly number[], { dma = false, limit = 0xfffe } = {}): void {
    this.start({ device: 0xb0, features: dma ? 1 : 0, mid: limit & 0xff, high: limit >>> 8, command: 0xa0 });
    const packet = Uint8Array.from({ length: 12 }, (_, i) => bytes[i] ?? 0);
    this.writeWords(new Uint16Array(packet.buffer));
  }

  /** Blocks that a packet's data comes in, until the drive is done. */
  readBlocks(): number[][] {
    const blocks: number[][] = [];
    while (this.ports.read8(STATUS) & 8) {
      const bytes = this.ports.read8(0x1f4) | (this.ports.read8(0x1f5) << 8);
      const words = this.readWords(Math.ceil(bytes / 2));
      blocks.push([...new Uint8Array(words.buffer, 0, bytes)]);
    }
    return blocks;
  }

  /** Physical region descriptors at 10000h: address and bytes of each. */
  setDescriptors(regions: readonly (readonly [address: number, bytes: number])[]): void {
    regions.forEach(([address, bytes], i) => {
      this.memory.write32(0x10000 + 8 * i, address);
      this.memory.write32(0x10004 + 8 * i, (bytes & 0xffff) | (i === regions.length - 1 ? 0x80000000 : 0));
    });
    this.ports.write32(BUS_MASTER + 4, 0x10000);
  }
}
