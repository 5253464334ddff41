/**
 * Data and port breakpoints of the debug registers: which pages take the slow path because of them, and which were hit.
 *
 * While any is armed each instruction runs alone (MODE_BREAKPOINT), so the loop of exec/ finds its hits when it is done.
 * Source: Intel SDM vol. 3B §18.2.4 (DR7), §18.2.5 (lengths), §18.3.1.2.
 */
import { CR4, DR0, DR7 } from '../abi/state.ts';

/** Conditions in DR7: data writes; ports, with CR4.DE; data reads and writes. */
const ON_WRITE = 1;
const ON_PORT = 2;
const ON_ACCESS = 3;
const CR4_DE = 1 << 3;
/** Bytes by DR7's length field. */
const lengths: readonly number[] = [1, 2, 1, 4];

export class Breakpoints {
  /** Is any of those of data armed? */
  armed = false;
  /** Those hit since this was last cleared, as in DR6. */
  hits = 0;
  private readonly state: Int32Array;

  constructor(state: Int32Array) {
    this.state = state;
  }

  /** The debug registers may have changed. */
  refresh(): void {
    this.armed = false;
    for (let i = 0; i < 4; i++) if (this.conditionOf(i) & 1) this.armed = true;
  }

  /** R/W field of breakpoint `i` if that is enabled, else 0. */
  private conditionOf(i: number): number {
    const control = this.state[DR7]!;
    return (control >> (2 * i)) & 3 ? (control >> (16 + 4 * i)) & 3 : 0;
  }

  /** Does a breakpoint watch the page of `la`? */
  watches(la: number): boolean {
    if (!this.armed) return false;
    for (let i = 0; i < 4; i++) if (this.conditionOf(i) & 1 && (this.state[DR0 + i]! ^ la) >>> 12 === 0) return true;
    return false;
  }

  /** Note an access of `bytes` bytes at `la`. */
  note(la: number, bytes: number, write: boolean): void {
    for (let i = 0; i < 4; i++) {
      const condition = this.conditionOf(i);
      if (condition === ON_ACCESS || (condition === ON_WRITE && write)) this.compare(i, la, bytes);
    }
  }

  /** Note an access of the `bytes` ports from `port` on. */
  notePort(port: number, bytes: number): void {
    if ((this.state[CR4]! & CR4_DE) === 0) return;
    for (let i = 0; i < 4; i++) if (this.conditionOf(i) === ON_PORT) this.compare(i, port, bytes);
  }

  private compare(i: number, first: number, bytes: number): void {
    const length = lengths[(this.state[DR7]! >> (18 + 4 * i)) & 3]!;
    const start = this.state[DR0 + i]! & -length;
    // Both end where linear addresses do; the distance decides, whichever comes first.
    if ((first - start) >>> 0 < length || (start - first) >>> 0 < bytes) this.hits |= 1 << i;
  }
}
