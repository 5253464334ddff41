/**
 * One IDE channel: the cable with up to two drives, its command block (eight ports) and control block, its interrupt,
 * and its bus master.
 */
import type { Clock } from '../../bus/clock.ts';
import type { Line } from '../../bus/line.ts';
import type { PortFunctions, Ports } from '../../bus/ports.ts';
import type { BusMaster } from './bus-master.ts';
import { type Cable, DEVICE, type Drive, FEATURES, STATUS_BUSY } from './drive.ts';

const COMMAND = 7;
const SELECT_SECOND = 0x10;
/** Bits of the device register that always read as ones. */
const DEVICE_ONES = 0xa0;

const CONTROL_NO_INTERRUPT = 2;
const CONTROL_RESET = 4;
/** Registers read as they were before the last write. */
const CONTROL_HIGH_ORDER = 0x80;

/** Where a channel is on the board. */
export interface IdeChannelParts extends Cable {
  readonly ports: Ports;
  /** First of eight ports. */
  readonly commandBlock: number;
  /** The device control register. */
  readonly controlPort: number;
  readonly line: Line;
}

export class IdeChannel implements Cable {
  readonly busMaster: BusMaster;
  readonly clock: Clock;
  private readonly line: Line;
  private readonly drives: (Drive | undefined)[] = [undefined, undefined];
  private readonly commandBlock: number;
  private selectedIndex = 0;
  private control = 0;
  private wasHigh = false;

  constructor({ ports, clock, commandBlock, controlPort, line, busMaster }: IdeChannelParts) {
    this.busMaster = busMaster;
    this.clock = clock;
    this.commandBlock = commandBlock;
    this.line = line;
    ports.claim(commandBlock, 8, this.registerFunctions());
    ports.claim(controlPort, 1, {
      read8: () => this.selected?.status ?? 0,
      write8: (_port, value) => this.writeControl(value),
    });
  }

  /** Connect a drive: 0 is the master, 1 the slave. */
  attach(index: 0 | 1, drive: Drive): void {
    this.drives[index] = drive;
    drive.onInterrupt = () => this.updateLine();
    drive.reset();
  }

  reset(): void {
    this.selectedIndex = 0;
    this.control = 0;
    this.busMaster.reset();
    for (const drive of this.drives) drive?.reset();
    this.updateLine();
  }

  private get selected(): Drive | undefined {
    return this.drives[this.selectedIndex];
  }

  private registerFunctions(): PortFunctions {
    const { commandBlock } = this;
    // The data register is 16 bits wide; an access of 32 bits takes two words, and one at the other ports is bytes.
    const bytesOf = (port: number, count: number): number => {
      let value = 0;
      for (let i = 0; i < count; i++)
        value |= (port + i < commandBlock + 8 ? this.read(port + i - commandBlock) : 0xff) << (8 * i);
      return value;
    };
    const writeBytes = (port: number, count: number, value: number): void => {
      for (let i = 0; i < count && port + i < commandBlock + 8; i++) {
        this.write(port + i - commandBlock, (value >>> (8 * i)) & 0xff);
      }
    };
    const isData = (port: number): boolean => port === commandBlock;
    return {
      read8: (port) => this.read(port - commandBlock),
      read16: (port) => (isData(port) ? this.readData() : bytesOf(port, 2)),
      read32: (port) => (isData(port) ? this.readData() | (this.readData() << 16) : bytesOf(port, 4)),
      write8: (port, value) => this.write(port - commandBlock, value),
      write16: (port, value) => (isData(port) ? this.selected?.writeData(value) : writeBytes(port, 2, value)),
      write32: (port, value) => {
        if (isData(port)) {
          this.selected?.writeData(value & 0xffff);
          this.selected?.writeData(value >>> 16);
        } else writeBytes(port, 4, value);
      },
    };
  }

  private readData(): number {
    return this.selected?.readData() ?? 0xffff;
  }

  /** A register of the command block. A drive that is not there leaves its bus lines low. */
  private read(register: number): number {
    const { selected } = this;
    if (!selected) return 0;
    switch (register) {
      case 0:
        return selected.readData() & 0xff;
      case FEATURES:
        return selected.error;
      case COMMAND:
        selected.setInterrupt(false);
        return selected.status;
      default: {
        const value = (this.control & CONTROL_HIGH_ORDER ? selected.previous : selected.registers)[register]!;
        return register === DEVICE ? value | DEVICE_ONES : value;
      }
    }
  }

  private write(register: number, value: number): void {
    if (register === 0) {
      this.selected?.writeData(value);
      return;
    }
    if (register === COMMAND) {
      this.writeCommand(value);
      return;
    }
    // A busy drive has its registers for itself.
    if (this.selected && this.selected.status & STATUS_BUSY) return;
    this.control &= ~CONTROL_HIGH_ORDER;
    // Both drives listen to what is written; only the selected one answers.
    for (const drive of this.drives) {
      if (!drive) continue;
      drive.previous[register] = drive.registers[register]!;
      drive.registers[register] = value;
    }
    if (register === DEVICE) {
      this.selectedIndex = value & SELECT_SECOND ? 1 : 0;
      this.updateLine();
    }
  }

  private writeCommand(value: number): void {
    const EXECUTE_DIAGNOSTIC = 0x90;
    this.control &= ~CONTROL_HIGH_ORDER;
    if ((this.control & CONTROL_RESET) !== 0) return;
    // Both drives run their diagnostic, and the first one answers.
    if (value === EXECUTE_DIAGNOSTIC) {
      this.selectedIndex = 0;
      for (const drive of this.drives) drive?.command(value);
    } else this.selected?.command(value);
  }

  private writeControl(value: number): void {
    const rises = (value & ~this.control & CONTROL_RESET) !== 0;
    const falls = (~value & this.control & CONTROL_RESET) !== 0;
    this.control = value & (CONTROL_NO_INTERRUPT | CONTROL_RESET | CONTROL_HIGH_ORDER);
    if (rises || falls) {
      this.selectedIndex = 0;
      for (const drive of this.drives) {
        if (rises) drive?.enterReset();
        else drive?.recover();
      }
    }
    this.updateLine();
  }

  private updateLine(): void {
    const wants = this.selected?.interrupts === true;
    const high = wants && (this.control & CONTROL_NO_INTERRUPT) === 0;
    if (high && !this.wasHigh) this.busMaster.interrupted();
    this.wasHigh = high;
    this.line.set(high);
  }
}
