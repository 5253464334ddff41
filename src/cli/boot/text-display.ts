/**
 * A PC's text screen in a terminal (`--display text`): draws the rows that changed, in the sixteen colours, at most
 * twenty times a second. While the guest shows graphics, a line says so. Of a screen with more rows than the terminal
 * those around the cursor are shown.
 */
import { codePage437 } from '../../code-page-437.ts';
import type { TextScreen } from '../../index.ts';

/** Milliseconds between two looks at the screen. */
const INTERVAL = 50;
const ESC = '\x1b[';
/** Colours of the attribute (blue is bit 0) in the order of a terminal (red is bit 0). */
const ANSI_COLOUR = [0, 4, 2, 6, 1, 5, 3, 7] as const;

/** Where it draws. */
export interface DisplayOutput {
  write(text: string): void;
  /** Rows of the terminal, if it is one; it may change. */
  readonly rows?: number | undefined;
}

export class TextDisplay {
  private readonly screen: () => TextScreen | undefined;
  private readonly output: DisplayOutput;
  private timer: ReturnType<typeof setInterval> | undefined;
  private shown: readonly string[] = [];
  /** All rows of the last screen. */
  private whole: readonly string[] = [];
  private cursor = '';
  private notice: string | undefined;

  /** @param screen what is on the screen now; undefined while it shows graphics. */
  constructor(screen: () => TextScreen | undefined, output: DisplayOutput) {
    this.screen = screen;
    this.output = output;
  }

  /** Take the terminal's whole screen and keep it current. */
  start(): void {
    // A terminal that is too narrow cuts rows off instead of wrapping them.
    this.output.write(`${ESC}?1049h${ESC}?7l${ESC}2J`);
    this.timer = setInterval(() => this.draw(), INTERVAL);
    this.timer.unref();
  }

  /** Show a line of our own at the lower edge, or nothing any more. */
  say(notice: string | undefined): void {
    if (notice === this.notice) return;
    this.notice = notice;
    this.draw();
  }

  /** Draw all of it again: the terminal has changed. */
  redraw(): void {
    this.shown = [];
    this.cursor = '';
    this.output.write(`${ESC}?7l${ESC}0m${ESC}2J`);
    this.draw();
  }

  /** Draw what is there now. */
  draw(): void {
    const screen = this.screen();
    const whole = screen === undefined ? ['The guest shows graphics (see --screenshot).'] : renderRows(screen);
    const at = screen?.cursor;
    const height = Math.min(this.output.rows || whole.length, whole.length);
    const top = Math.max(0, Math.min((at?.row ?? 0) - height + 1, whole.length - height));
    const rows = whole.slice(top, top + height);
    if (this.notice !== undefined) rows[rows.length - 1] = `${ESC}7m${this.notice}`;
    let text = rows.length < this.shown.length ? `${ESC}0m${ESC}2J` : '';
    const known = text === '' ? this.shown : [];
    // A row is cleared before it is written: behind its last column the terminal would clear that.
    for (const [row, line] of rows.entries())
      if (line !== known[row]) text += `${ESC}${row + 1};1H${ESC}0m${ESC}K${line}${ESC}0m`;
    const cursor = at === undefined ? `${ESC}?25l` : `${ESC}${at.row - top + 1};${at.column + 1}H${ESC}?25h`;
    if (text !== '' || cursor !== this.cursor) this.output.write(text + cursor);
    this.shown = rows;
    this.whole = whole;
    this.cursor = cursor;
  }

  /** Give the terminal back, with the last screen left on it. */
  stop(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    const rows = this.whole.map((line) => `${line}${ESC}0m\r\n`);
    while (
      rows
        .at(-1)
        ?.replaceAll(/\x1b\[[\d;]*m/g, '')
        .trim() === ''
    )
      rows.pop();
    this.output.write(`${ESC}?25h${ESC}?7h${ESC}?1049l${rows.join('')}`);
  }
}

/** Each row as text with the terminal's colours. */
function renderRows({ columns, rows, cells }: TextScreen): readonly string[] {
  return Array.from({ length: rows }, (_, row) => renderRow(cells.subarray(row * columns, (row + 1) * columns)));
}

function renderRow(cells: Uint16Array): string {
  let text = '';
  let attribute = -1;
  for (const cell of cells) {
    if (cell >> 8 !== attribute) {
      attribute = cell >> 8;
      const foreground = ANSI_COLOUR[attribute & 7]! + (attribute & 8 ? 90 : 30);
      text += `${ESC}${foreground};${ANSI_COLOUR[(attribute >> 4) & 7]! + 40}m`;
    }
    text += codePage437[cell & 255]!;
  }
  return text;
}
