/**
 * The registers of a VGA behind ports 3B4h–3DAh: miscellaneous output, sequencer, graphics controller, CRT controller,
 * attribute controller and palette DAC. They only keep what was written, with the masks of the real ones; what the
 * values mean to the processor's accesses is in planes.ts, and to the picture in screen.ts.
 *
 * Source of names and bits: IBM PS/2 and VGA technical reference, "Video subsystem".
 */
import type { Clock } from '../../bus/clock.ts';
import type { Ports } from '../../bus/ports.ts';
import { Raster } from './raster.ts';

/** Writable bits of the sequencer's registers (index 0 to 4; the rest are not there). */
const SEQUENCER_MASK = [0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0];
/** Writable bits of the graphics controller's registers (index 0 to 8). */
const GRAPHICS_MASK = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff];
const CRTC_REGISTERS = 0x19;
const ATTRIBUTE_REGISTERS = 0x15;
/** CRTC register that protects registers 0 to 7. */
const VERTICAL_RETRACE_END = 0x11;
const OVERFLOW = 0x07;

const MISC_COLOUR = 1;
const ATTRIBUTE_DISPLAY = 0x20;

export class VgaRegisters {
  readonly sequencer: Uint8Array = new Uint8Array(8);
  readonly graphics: Uint8Array = new Uint8Array(GRAPHICS_MASK.length);
  readonly crtc: Uint8Array = new Uint8Array(CRTC_REGISTERS);
  readonly attribute: Uint8Array = new Uint8Array(ATTRIBUTE_REGISTERS);
  /** Red, green and blue of 256 colours, as written: 6 bits, or 8 while dacBits says so. */
  readonly dac: Uint8Array = new Uint8Array(256 * 3);
  dacMask = 0xff;
  dacBits: 6 | 8 = 6;
  /** Miscellaneous output. */
  misc = 0;
  /** Counts changes of what the picture depends on. */
  revision = 0;
  /** Called after a register changed that decides what the processor sees in memory. */
  onMemoryMode: () => void = () => {};
  private readonly clock: Clock;
  private readonly raster = new Raster();
  private sequencerIndex = 0;
  private graphicsIndex = 0;
  private crtcIndex = 0;
  private attributeIndex = 0;
  /** Port 3C0h takes an index next, not a value. */
  private attributeTakesIndex = true;
  private dacReadIndex = 0;
  private dacWriteIndex = 0;
  /** Red, green or blue is next. */
  private dacComponent = 0;
  private dacIsReading = false;
  private featureControl = 0;
  private rasterRevision = -1;

  constructor(ports: Ports, clock: Clock) {
    this.clock = clock;
    const functions = {
      read8: (port: number) => this.read(port),
      write8: (port: number, value: number) => this.write(port, value),
    };
    for (const base of [0x3b0, 0x3d0]) {
      ports.claim(base + 4, 2, functions);
      ports.claim(base + 10, 1, functions);
    }
    ports.claim(0x3c0, 16, functions);
  }

  reset(): void {
    for (const registers of [this.sequencer, this.graphics, this.crtc, this.attribute, this.dac]) registers.fill(0);
    this.dacMask = 0xff;
    this.dacBits = 6;
    this.misc = 0;
    this.sequencerIndex = this.graphicsIndex = this.crtcIndex = this.attributeIndex = 0;
    this.attributeTakesIndex = true;
    this.dacReadIndex = this.dacWriteIndex = this.dacComponent = 0;
    this.dacIsReading = false;
    this.featureControl = 0;
    this.revision++;
    this.onMemoryMode();
  }

  /** Does the attribute controller show the picture (and not the border's colour alone)? */
  get isShown(): boolean {
    return (this.attributeIndex & ATTRIBUTE_DISPLAY) !== 0;
  }

  /** A register at its port (3B4h to 3DAh). @returns u8. */
  read(port: number): number {
    switch (port) {
      case 0x3c0:
        return this.attributeTakesIndex ? this.attributeIndex : 0;
      case 0x3c1:
        return this.attribute[this.attributeIndex & 31] ?? 0;
      case 0x3c2:
        return 0x10; // a colour monitor answers the switch sense
      case 0x3c4:
        return this.sequencerIndex;
      case 0x3c5:
        return this.sequencer[this.sequencerIndex]!;
      case 0x3c6:
        return this.dacMask;
      case 0x3c7:
        return this.dacIsReading ? 3 : 0;
      case 0x3c8:
        return this.dacWriteIndex;
      case 0x3c9:
        return this.readDac();
      case 0x3ca:
        return this.featureControl;
      case 0x3cc:
        return this.misc;
      case 0x3ce:
        return this.graphicsIndex;
      case 0x3cf:
        return this.graphics[this.graphicsIndex] ?? 0;
      case this.crtcPort:
        return this.crtcIndex;
      case this.crtcPort + 1:
        return this.crtc[this.crtcIndex] ?? 0;
      case this.crtcPort + 6:
        return this.readStatus();
      default:
        return 0xff;
    }
  }

  write(port: number, value: number): void {
    switch (port) {
      case 0x3c0:
        this.writeAttribute(value);
        break;
      case 0x3c2:
        this.misc = value & 0xef;
        this.changed();
        this.onMemoryMode();
        break;
      case 0x3c4:
        this.sequencerIndex = value & 7;
        break;
      case 0x3c5:
        this.writeSequencer(value);
        break;
      case 0x3c6:
        this.dacMask = value;
        this.changed();
        break;
      case 0x3c7:
        this.dacReadIndex = value;
        this.dacComponent = 0;
        this.dacIsReading = true;
        break;
      case 0x3c8:
        this.dacWriteIndex = value;
        this.dacComponent = 0;
        this.dacIsReading = false;
        break;
      case 0x3c9:
        this.writeDac(value);
        break;
      case 0x3ce:
        this.graphicsIndex = value & 15;
        break;
      case 0x3cf:
        this.writeGraphics(value);
        break;
      case this.crtcPort:
        this.crtcIndex = value & 31;
        break;
      case this.crtcPort + 1:
        this.writeCrtc(value);
        break;
      case this.crtcPort + 6:
        this.featureControl = value & 3;
        break;
    }
  }

  /** The CRT controller answers at 3B4h on monochrome adapters and at 3D4h otherwise. */
  private get crtcPort(): number {
    return this.misc & MISC_COLOUR ? 0x3d4 : 0x3b4;
  }

  private changed(): void {
    this.revision++;
  }

  private writeSequencer(value: number): void {
    const index = this.sequencerIndex;
    const masked = value & SEQUENCER_MASK[index]!;
    if (this.sequencer[index] === masked) return;
    this.sequencer[index] = masked;
    this.changed();
    this.onMemoryMode();
  }

  private writeGraphics(value: number): void {
    const index = this.graphicsIndex;
    const mask = GRAPHICS_MASK[index];
    if (mask === undefined || this.graphics[index] === (value & mask)) return;
    this.graphics[index] = value & mask;
    this.changed();
    this.onMemoryMode();
  }

  private writeCrtc(value: number): void {
    const index = this.crtcIndex;
    if (index >= CRTC_REGISTERS) return;
    if (index <= OVERFLOW && this.crtc[VERTICAL_RETRACE_END]! & 0x80) {
      // Of the protected registers, line compare's bit 8 alone can be written.
      if (index === OVERFLOW) this.crtc[index] = (this.crtc[index]! & ~0x10) | (value & 0x10);
    } else this.crtc[index] = value;
    this.changed();
  }

  private writeAttribute(value: number): void {
    if (this.attributeTakesIndex) this.attributeIndex = value & 0x3f;
    else {
      const index = this.attributeIndex & 31;
      if (index < ATTRIBUTE_REGISTERS) this.attribute[index] = index < 16 ? value & 0x3f : value;
    }
    this.attributeTakesIndex = !this.attributeTakesIndex;
    this.changed();
  }

  private get dacValueMask(): number {
    return this.dacBits === 8 ? 0xff : 0x3f;
  }

  private readDac(): number {
    const value = this.dac[this.dacReadIndex * 3 + this.dacComponent]!;
    if (this.dacComponent < 2) this.dacComponent++;
    else {
      this.dacComponent = 0;
      this.dacReadIndex = (this.dacReadIndex + 1) & 0xff;
    }
    return value;
  }

  private writeDac(value: number): void {
    this.dac[this.dacWriteIndex * 3 + this.dacComponent] = value & this.dacValueMask;
    if (this.dacComponent < 2) this.dacComponent++;
    else {
      this.dacComponent = 0;
      this.dacWriteIndex = (this.dacWriteIndex + 1) & 0xff;
    }
    this.changed();
  }

  /** Input status 1: bit 0 while nothing is displayed, bit 3 in the vertical retrace. Reading makes 3C0h take an index. */
  private readStatus(): number {
    this.attributeTakesIndex = true;
    if (this.rasterRevision !== this.revision) {
      this.rasterRevision = this.revision;
      this.raster.set(this.misc, this.sequencer, this.crtc);
    }
    return this.raster.status(this.clock.now);
  }
}
