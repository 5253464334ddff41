// A PC that a test talks to: waits for text on the screen or the serial port, types, and keeps what was said.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { typeKeys } from '../../src/cli/boot/terminal-keys.ts';
import { codePage437 } from '../../src/code-page-437.ts';
import { overlay } from '../../src/disk/overlay.ts';
import { openFileStore } from '../../src/host/node-block-store.ts';
import { Pc, type PcOptions, type PcStop } from '../../src/index.ts';
import type { Need } from './needs.ts';

const guests = join(import.meta.dirname, '../../.cache/guests');

/** A guest of scripts/fetch-guests.sh or scripts/make-boot-images.sh, as something that a test needs. */
export function guestFile(name: string): Need & { read(): Uint8Array } {
  const what = join(guests, name);
  return { what, from: 'scripts/make-guests.sh', read: () => readFileSync(what) };
}

/** A disk, floppy or CD image that is not written. */
export function guestImage(name: string, sectorBytes = 512): NonNullable<PcOptions['disk']> {
  return overlay(openFileStore(join(guests, name), sectorBytes));
}

/** SeaBIOS and the VGA BIOS. */
export const firmware: readonly [ReturnType<typeof guestFile>, ReturnType<typeof guestFile>] = [
  guestFile('bios.bin'),
  guestFile('vgabios.bin'),
];

/** Instructions between two looks at what the guest says; few where time counts, for an idle guest's passes quickly. */
const STRIDE = 500_000;
const SHORT_STRIDE = 10_000;
/** Nanoseconds of the guest's time after which nothing is waited for any more. */
const PATIENCE = 900e9;

export class PcSession {
  readonly pc: Pc;
  /** All that the first serial port has sent. */
  serial = '';
  /** All that the second one has sent. */
  serial2 = '';
  /** How the machine ended, once it has. */
  stop: PcStop | undefined;

  /** A PC with a virtual clock. */
  constructor(options: PcOptions) {
    this.pc = new Pc({
      clock: 'virtual',
      ...options,
      onSerial: (bytes) => {
        this.serial += Buffer.from(bytes).toString('latin1');
      },
      onSerial2: (bytes) => {
        this.serial2 += Buffer.from(bytes).toString('latin1');
      },
    });
  }

  /** The text screen, rows without their trailing blanks. */
  get screen(): string {
    const text = this.pc.screenText();
    if (text === undefined) return '(graphics)';
    const { columns, rows, cells } = text;
    const row = (index: number): string =>
      [...cells.subarray(index * columns, (index + 1) * columns)].map((cell) => codePage437[cell & 255]!).join('');
    return Array.from({ length: rows }, (_, index) => row(index).trimEnd()).join('\n');
  }

  /** Run until the serial port has sent this. @throws Error when that takes more instructions, or the machine ends. */
  async serialSays(text: string, maxInstructions = 10e9): Promise<void> {
    await this.until(() => this.serial.includes(text), `"${text}" on the serial port`, maxInstructions);
  }

  /** Run until the screen shows this, looking at it every `stride` instructions. */
  async screenShows(text: string, maxInstructions = 10e9, stride = SHORT_STRIDE): Promise<void> {
    await this.until(() => this.screen.includes(text), `"${text}" on the screen`, maxInstructions, stride);
  }

  /** Run for so many seconds of the guest's time. */
  async seconds(count: number): Promise<void> {
    const end = this.pc.now + count * 1e9;
    await this.until(() => this.pc.now >= end, `${count} s later`, 1e12, SHORT_STRIDE);
  }

  /** Run until the machine ends. */
  async end(maxInstructions = 10e9): Promise<PcStop> {
    await this.until(() => this.stop !== undefined, 'the end', maxInstructions);
    return this.stop!;
  }

  private async until(condition: () => boolean, what: string, maxInstructions: number, stride = STRIDE): Promise<void> {
    const limit = this.pc.retired + maxInstructions;
    const latest = this.pc.now + PATIENCE;
    while (!condition()) {
      const ended = this.stop !== undefined;
      if (ended || this.pc.retired >= limit || this.pc.now > latest) {
        const why = ended ? `the machine ended: ${JSON.stringify(this.stop)}` : 'not in the time that it was given';
        throw new Error(`${what}: ${why}\nscreen:\n${this.screen}\nserial:\n${this.serial.slice(-2000)}`);
      }
      const stop = await this.pc.run({ maxInstructions: stride });
      if (stop.kind !== 'limit') this.stop = stop;
    }
  }

  /** Type on the keyboard, as a terminal would send it, key by key. */
  async type(text: string): Promise<void> {
    for (const character of text.match(/\x1b\[?[A-Z0-9~]*|[\s\S]/g) ?? []) {
      typeKeys(character, (code, isDown) => this.pc.key(code, isDown));
      await this.seconds(0.03);
    }
  }

  /** Send to a serial port. */
  send(text: string, port: 1 | 2 = 1): void {
    this.pc.send(Buffer.from(text, 'latin1'), port);
  }
}
