/**
 * The IDE controller of the PIIX3 (82371SB, function 1): two channels at the ports and interrupts of the ISA days, with
 * a bus master each behind base address register 4.
 */
import type { AddressSpace } from '../../bus/address-space.ts';
import type { Clock } from '../../bus/clock.ts';
import type { Device } from '../../bus/device.ts';
import type { Line } from '../../bus/line.ts';
import type { Ports } from '../../bus/ports.ts';
import type { PciBus } from '../pci/bus.ts';
import { PciFunction } from '../pci/function.ts';
import { BusMaster } from './bus-master.ts';
import { IdeChannel } from './channel.ts';

const BUS_MASTER_PORTS = 16;

/** The board around an IDE controller. */
export interface IdeControllerParts {
  readonly bus: PciBus;
  readonly ports: Ports;
  readonly memory: AddressSpace;
  readonly clock: Clock;
  /** The sixteen ISA interrupts: the channels use 14 and 15. */
  readonly lines: readonly Line[];
}

export class IdeController implements Device {
  readonly pci: PciFunction;
  readonly primary: IdeChannel;
  readonly secondary: IdeChannel;

  constructor({ bus, ports, memory, clock, lines }: IdeControllerParts) {
    this.pci = new PciFunction({
      vendor: 0x8086,
      device: 0x7010,
      // IDE, both channels at the fixed ports, bus master.
      classCode: 0x010180,
      commandMask: 0x0005,
    });
    const { pci } = this;
    pci.set(0x06, 2, 0x0280);
    // IDE timing registers of both channels and the drives: kept, for our drives have no timing.
    pci.writable.fill(0xff, 0x40, 0x46);
    const masters = [new BusMaster(memory), new BusMaster(memory)] as const;
    for (const master of masters) master.isAllowed = () => pci.isMaster;
    pci.addBar(4, {
      kind: 'ports',
      bytes: BUS_MASTER_PORTS,
      functions: {
        read8: (port) => masters[(port >>> 3) & 1]!.read(port & 7),
        write8: (port, value) => masters[(port >>> 3) & 1]!.write(port & 7, value),
      },
    });
    const channel = (index: 0 | 1, commandBlock: number, controlPort: number): IdeChannel =>
      new IdeChannel({ ports, clock, commandBlock, controlPort, line: lines[14 + index]!, busMaster: masters[index] });
    this.primary = channel(0, 0x1f0, 0x3f6);
    this.secondary = channel(1, 0x170, 0x376);
    bus.attach(1, 1, pci);
  }

  reset(): void {
    this.pci.reset();
    this.primary.reset();
    this.secondary.reset();
  }
}
