/**
 * Where the beam is: the CRT controller's timing as a function of time. Programs wait for the retrace and some count
 * scan lines, so the length of a line and of a frame follow the registers.
 *
 * Source: IBM VGA technical reference, CRT controller registers (horizontal values in character clocks, vertical ones
 * in scan lines).
 */
const DOT_CLOCKS = [25.175e6, 28.322e6, 25.175e6, 25.175e6];
const NS = 1e9;

export class Raster {
  private lineNs = 31_778;
  private shownNs = 25_422;
  private lines = 449;
  private shownLines = 400;
  private retraceStart = 412;
  private retraceEnd = 414;

  /** Take over the registers: miscellaneous output, sequencer and CRT controller. */
  set(misc: number, sequencer: Uint8Array, crtc: Uint8Array): void {
    const dots = sequencer[1]! & 1 ? 8 : 9;
    const halved = sequencer[1]! & 8 ? 2 : 1;
    const characterNs = (dots * halved * NS) / DOT_CLOCKS[(misc >>> 2) & 3]!;
    const overflow = crtc[7]!;
    const doubled = crtc[0x17]! & 4 ? 2 : 1;
    this.lineNs = (crtc[0]! + 5) * characterNs;
    this.shownNs = (crtc[1]! + 1) * characterNs;
    this.lines = ((crtc[6]! | ((overflow & 1) << 8) | ((overflow & 0x20) << 4)) + 2) * doubled;
    this.shownLines = ((crtc[0x12]! | ((overflow & 2) << 7) | ((overflow & 0x40) << 3)) + 1) * doubled;
    const start = crtc[0x10]! | ((overflow & 4) << 6) | ((overflow & 0x80) << 2);
    // The end is the low four bits of the line counter at which the retrace ends.
    const length = (crtc[0x11]! - start) & 15 || 16;
    this.retraceStart = start * doubled;
    this.retraceEnd = (start + length) * doubled;
  }

  /** Input status 1 at a time in nanoseconds. */
  status(now: number): number {
    const line = (now / this.lineNs) % this.lines;
    const inLine = (line % 1) * this.lineNs;
    const isRetrace = line >= this.retraceStart && line < this.retraceEnd;
    const isShown = line < this.shownLines && inLine < this.shownNs;
    return (isRetrace ? 8 : 0) | (isShown ? 0 : 1);
  }
}
