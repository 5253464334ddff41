/**
 * The I/O address space: 65,536 byte-wide ports, which devices claim. A wide access to a device that has no wide
 * function of its own becomes byte accesses at rising ports, low byte first, as on ISA. Ports that nobody claims read
 * as all ones and swallow writes.
 */

/** Functions of a device at its ports. `port` is absolute; values are unsigned. */
export interface PortFunctions {
  read8?(port: number): number;
  read16?(port: number): number;
  /** @returns i32. */
  read32?(port: number): number;
  write8?(port: number, value: number): void;
  write16?(port: number, value: number): void;
  write32?(port: number, value: number): void;
}

const unclaimed: PortFunctions = {};
const LAST_PORT = 0xffff;

export class Ports {
  private readonly claims: PortFunctions[] = new Array<PortFunctions>(LAST_PORT + 1).fill(unclaimed);

  /** Give `count` ports from `first` to a device. @throws RangeError when one of them is taken already. */
  claim(first: number, count: number, functions: PortFunctions): void {
    for (let port = first; port < first + count; port++) {
      if (port > LAST_PORT || this.claims[port] !== unclaimed)
        throw new RangeError(`port ${port.toString(16)}h cannot be claimed`);
    }
    this.claims.fill(functions, first, first + count);
  }

  /** Would claim() succeed? */
  isFree(first: number, count: number): boolean {
    return first + count <= LAST_PORT + 1 && this.claims.slice(first, first + count).every((at) => at === unclaimed);
  }

  /** Take back what claim() gave (a PCI device whose base address changes). */
  release(first: number, count: number): void {
    this.claims.fill(unclaimed, first, first + count);
  }

  /** @returns u8. */
  read8(port: number): number {
    return (this.claims[port]!.read8?.(port) ?? 0xff) & 0xff;
  }

  /** @returns u16. */
  read16(port: number): number {
    const wide = this.claims[port]!.read16?.(port);
    if (wide !== undefined) return wide & 0xffff;
    return this.read8(port) | (this.read8((port + 1) & LAST_PORT) << 8);
  }

  /** @returns i32. */
  read32(port: number): number {
    const wide = this.claims[port]!.read32?.(port);
    if (wide !== undefined) return wide | 0;
    return this.read16(port) | (this.read16((port + 2) & LAST_PORT) << 16);
  }

  write8(port: number, value: number): void {
    this.claims[port]!.write8?.(port, value & 0xff);
  }

  write16(port: number, value: number): void {
    const claim = this.claims[port]!;
    if (claim.write16) claim.write16(port, value & 0xffff);
    else {
      this.write8(port, value);
      this.write8((port + 1) & LAST_PORT, value >>> 8);
    }
  }

  write32(port: number, value: number): void {
    const claim = this.claims[port]!;
    if (claim.write32) claim.write32(port, value | 0);
    else {
      this.write16(port, value);
      this.write16((port + 2) & LAST_PORT, value >>> 16);
    }
  }
}
