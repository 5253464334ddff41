/**
 * PCI bus 0: configuration mechanism 1 at ports CF8h and CFCh, the decoding of base address registers, and the four
 * shared interrupt wires PIRQA–D, which the ISA bridge (isa-bridge.ts) routes to interrupt inputs.
 */
import type { AddressSpace } from '../../bus/address-space.ts';
import type { Ports } from '../../bus/ports.ts';
import type { Bar, PciFunction } from './function.ts';

const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const ENABLE = 0x80000000 | 0;

export class PciBus {
  /** PIRQA to PIRQD (0 to 3) changed its level. */
  onPirq: (pirq: number, high: boolean) => void = () => {};
  private readonly ports: Ports;
  private readonly memory: AddressSpace;
  private readonly functions = new Map<number, PciFunction>();
  private readonly raised = new Int32Array(4);
  private address = 0;

  constructor(ports: Ports, memory: AddressSpace) {
    this.ports = ports;
    this.memory = memory;
    ports.claim(CONFIG_ADDRESS, 1, {
      read32: () => this.address,
      write32: (_port, value) => {
        this.address = value & 0x80fffffc;
      },
      // Only whole words reach the bridge; narrower accesses go on to the ISA bus, where nobody answers.
      write16: () => {},
      read16: () => 0xffff,
    });
    ports.claim(CONFIG_DATA, 4, {
      read8: (port) => this.readConfig(port, 1),
      read16: (port) => this.readConfig(port, 2),
      read32: (port) => this.readConfig(port, 4),
      write8: (port, value) => this.writeConfig(port, 1, value),
      write16: (port, value) => this.writeConfig(port, 2, value),
      write32: (port, value) => this.writeConfig(port, 4, value),
    });
  }

  /**
   * Put a function on the bus.
   * @param device 0 to 31  @param number the function's number, 0 to 7; function 0 must say that it is not alone.
   */
  attach(device: number, number: number, pci: PciFunction): void {
    this.functions.set((device << 3) | number, pci);
    const pin = pci.config[0x3d]!;
    // As the board wires it: INTA# of device 1 is PIRQA, and each device further shifts by one.
    const pirq = (pin - 1 + device - 1) & 3;
    pci.onDecode = () => this.decode();
    pci.onInterrupt = (high) => {
      if (pin === 0) return;
      this.raised[pirq]! += high ? 1 : -1;
      this.onPirq(pirq, this.raised[pirq]! > 0);
    };
    pci.attached();
    this.decode();
  }

  reset(): void {
    this.address = 0;
  }

  /** The function that the address register names. */
  private get selected(): PciFunction | undefined {
    if ((this.address & ENABLE) === 0 || (this.address & 0xff0000) !== 0) return undefined;
    return this.functions.get((this.address >>> 8) & 0xff);
  }

  /** What reaches past the data register's four ports reads as ones, and is not written. */
  private readConfig(port: number, count: number): number {
    const inside = Math.min(count, 4 - (port & 3));
    const value = this.selected?.read((this.address & 0xfc) | (port & 3), inside) ?? -1;
    return inside === count ? value : value | (-1 << (8 * inside));
  }

  private writeConfig(port: number, count: number, value: number): void {
    this.selected?.write((this.address & 0xfc) | (port & 3), Math.min(count, 4 - (port & 3)), value);
  }

  /**
   * Map every base address register where it wants to be, if nothing else answers there (RAM, ROM and what was there
   * first win, so that moving a register away again leaves them as they were).
   */
  private decode(): void {
    for (const pci of this.functions.values()) {
      for (const bar of pci.bars) if (bar.mapped >= 0 && bar.mapped !== pci.wanted(bar)) this.unmap(bar);
    }
    for (const pci of this.functions.values()) {
      for (const bar of pci.bars) if (bar.mapped < 0) this.map(bar, pci.wanted(bar));
    }
  }

  private map(bar: Bar, base: number): void {
    const { target } = bar;
    if (base < 0) return;
    if (target.kind === 'ports') {
      if (!this.ports.isFree(base, target.bytes)) return;
      this.ports.claim(base, target.bytes, target.functions);
    } else {
      if (!this.memory.isFree(base, wholePages(target.bytes))) return;
      if (target.kind === 'ram') this.memory.mapRam(base, target.bytes, target.place);
      else this.memory.mapDevice(base, wholePages(target.bytes), target.functions);
    }
    bar.mapped = base;
  }

  private unmap(bar: Bar): void {
    const { target } = bar;
    if (target.kind === 'ports') this.ports.release(bar.mapped, target.bytes);
    else this.memory.mapDevice(bar.mapped, wholePages(target.bytes));
    bar.mapped = -1;
  }
}

function wholePages(bytes: number): number {
  return (bytes + 4095) & ~4095;
}
