/**
 * A 102-key PS/2 keyboard: the three scan code sets, repetition, LEDs and the commands of its controller.
 *
 * The host says which key went down or up, by the key's KeyboardEvent.code; repetition is the keyboard's own.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)".
 */
import type { Clock, Timer } from '../../bus/clock.ts';
import { ACKNOWLEDGE, type Ps2Device, Ps2Queue, RESEND, TEST_PASSED } from './device.ts';
import { type Key, keys, PAUSE, PRINT_SCREEN, translate } from './scan-codes.ts';

const ECHO = 0xee;
const EXTENDED = 0xe0;
const BREAK = 0xf0;
const SET2_ALT_PRINT_SCREEN = 0x84;
/** 10.9 repetitions a second after half a second. */
const DEFAULT_REPETITION = 0x2b;
const MILLISECOND = 1_000_000;

/** Scan code set 3 lets the host choose for each key whether it repeats and reports its release. */
const REPEATS = 1;
const REPORTS_RELEASE = 2;

export class Keyboard implements Ps2Device {
  /** LEDs changed: bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock. */
  onLeds: (leds: number) => void = () => {};
  private readonly queue = new Ps2Queue();
  private readonly clock: Clock;
  private readonly repetition: Timer;
  private readonly held = new Set<string>();
  /** The key that repeats, if it is still down. */
  private repeated = '';
  private enabled = true;
  private set = 2;
  private rate = DEFAULT_REPETITION;
  private readonly types: Uint8Array = new Uint8Array(256);
  private pending = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.repetition = clock.timer(() => this.repeat());
    this.restoreDefaults();
  }

  get hasByte(): boolean {
    return this.queue.length > 0;
  }

  set onByte(callback: () => void) {
    this.queue.onByte = callback;
  }

  takeByte(): number {
    return this.queue.take();
  }

  reset(): void {
    this.queue.clear();
    this.held.clear();
    this.enabled = true;
    this.pending = 0;
    this.restoreDefaults();
    this.onLeds(0);
  }

  private restoreDefaults(): void {
    this.set = 2;
    this.rate = DEFAULT_REPETITION;
    this.types.fill(REPEATS | REPORTS_RELEASE);
    this.stopRepeating();
  }

  /** A key goes down. @param code KeyboardEvent.code; keys that a 102-key keyboard does not have are ignored. */
  press(code: string): void {
    const key = keys.get(code);
    if (key === undefined || this.held.has(code)) return;
    this.held.add(code);
    if (!this.enabled) return;
    this.queue.event(...this.makeCodes(code, key));
    this.stopRepeating();
    if (code === PAUSE || (this.set === 3 && (this.types[key.set3]! & REPEATS) === 0)) return;
    this.repeated = code;
    this.repetition.arm(this.clock.now + (((this.rate >> 5) & 3) + 1) * 250 * MILLISECOND);
  }

  /** A key comes up. */
  release(code: string): void {
    const key = keys.get(code);
    if (key === undefined || !this.held.delete(code)) return;
    if (code === this.repeated) this.stopRepeating();
    if (this.enabled) this.queue.event(...this.breakCodes(code, key));
  }

  private repeat(): void {
    const key = keys.get(this.repeated);
    if (key === undefined || !this.enabled) return;
    this.queue.event(...this.makeCodes(this.repeated, key));
    const period = (8 + (this.rate & 7)) * (1 << ((this.rate >> 3) & 3)) * (MILLISECOND / 0.24);
    this.repetition.arm(this.clock.now + period);
  }

  private stopRepeating(): void {
    this.repeated = '';
    this.repetition.disarm();
  }

  private isHeld(left: string, right: string): boolean {
    return this.held.has(left) || this.held.has(right);
  }

  private makeCodes(code: string, { set2, set3 }: Key): readonly number[] {
    if (this.set === 3) return [set3];
    if (code === PAUSE) {
      // It has no release: make and break come at once. With Ctrl it is Break, the extended Scroll Lock.
      return this.isHeld('ControlLeft', 'ControlRight')
        ? [...this.code(0xe07e), ...this.code(0xe07e, true)]
        : [0xe1, ...this.code(0x14), ...this.code(0x77), 0xe1, ...this.code(0x14, true), ...this.code(0x77, true)];
    }
    if (code === PRINT_SCREEN) {
      if (this.isHeld('AltLeft', 'AltRight')) return this.code(SET2_ALT_PRINT_SCREEN);
      return this.isModified ? this.code(set2) : [...this.code(0xe012), ...this.code(set2)];
    }
    return this.code(set2);
  }

  private breakCodes(code: string, { set2, set3 }: Key): readonly number[] {
    if (this.set === 3) return this.types[set3]! & REPORTS_RELEASE ? [BREAK, set3] : [];
    if (code === PAUSE) return [];
    if (code === PRINT_SCREEN) {
      if (this.isHeld('AltLeft', 'AltRight')) return this.code(SET2_ALT_PRINT_SCREEN, true);
      return this.isModified ? this.code(set2, true) : [...this.code(set2, true), ...this.code(0xe012, true)];
    }
    return this.code(set2, true);
  }

  /** Ctrl or Shift keeps Print Screen from sending its own shift. */
  private get isModified(): boolean {
    return this.isHeld('ControlLeft', 'ControlRight') || this.isHeld('ShiftLeft', 'ShiftRight');
  }

  /** Bytes of one code of set 2 in the set that is used. */
  private code(set2: number, isBreak = false): readonly number[] {
    const prefix = set2 > 0xff ? [EXTENDED] : [];
    if (this.set === 1) return [...prefix, translate(set2 & 0xff) | (isBreak ? 0x80 : 0)];
    return isBreak ? [...prefix, BREAK, set2 & 0xff] : [...prefix, set2 & 0xff];
  }

  receive(value: number): void {
    const { pending } = this;
    this.pending = 0;
    // A byte that can only be a command ends one that waits for its argument.
    if (pending !== 0 && value < 0xed) this.argument(pending, value);
    else this.command(value);
  }

  private argument(command: number, value: number): void {
    switch (command) {
      case 0xed:
        this.onLeds(value & 7);
        break;
      case 0xf0:
        if (value > 3) {
          this.queue.answer(RESEND);
          return;
        }
        if (value === 0) {
          this.queue.answer(ACKNOWLEDGE, this.set);
          return;
        }
        this.set = value;
        break;
      case 0xf3:
        this.rate = value & 0x7f;
        break;
      default:
        // FBh, FCh and FDh take keys until another command comes.
        this.types[value] = keyType(command - 4);
        this.pending = command;
        break;
    }
    this.queue.answer(ACKNOWLEDGE);
  }

  private command(value: number): void {
    switch (value) {
      case 0xed:
      case 0xf0:
      case 0xf3:
      case 0xfb:
      case 0xfc:
      case 0xfd:
        this.pending = value;
        break;
      case ECHO:
        this.queue.answer(ECHO);
        return;
      case 0xf2:
        this.queue.answer(ACKNOWLEDGE, 0xab, 0x83);
        return;
      case 0xf4:
        this.enabled = true;
        break;
      case 0xf5:
        this.restoreDefaults();
        this.enabled = false;
        break;
      case 0xf6:
        this.restoreDefaults();
        break;
      case 0xf7:
      case 0xf8:
      case 0xf9:
      case 0xfa:
        this.types.fill(keyType(value));
        break;
      case 0xfe:
        this.queue.answer(this.queue.previous);
        return;
      case 0xff:
        this.reset();
        this.queue.answer(ACKNOWLEDGE, TEST_PASSED);
        return;
      default:
        this.queue.answer(RESEND);
        return;
    }
    this.queue.answer(ACKNOWLEDGE);
  }
}

/** Commands F7h to FAh: repeating, reporting, neither, both. */
function keyType(command: number): number {
  return [REPEATS, REPORTS_RELEASE, 0, REPEATS | REPORTS_RELEASE][command - 0xf7]!;
}
