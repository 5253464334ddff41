// The VGA text screen on terminals of several sizes, by what a terminal makes of the bytes: a small one is modelled here,
// with the last column's deferred wrap of DEC terminals (behind it, "clear to the end of the row" clears that column).
import { expect, test } from 'vitest';
import { TextDisplay } from '../../../../src/cli/boot/text-display.ts';
import type { TextScreen } from '../../../../src/index.ts';

class Terminal {
  readonly rows: number;
  readonly columns: number;
  readonly cells: string[][];
  row = 0;
  column = 0;
  wraps = true;
  showsCursor = true;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.cells = Array.from({ length: rows }, () => new Array<string>(columns).fill(' '));
  }

  get text(): readonly string[] {
    return this.cells.map((row) => row.join('').trimEnd());
  }

  write(text: string): void {
    for (const [, sequence, , parameters, final, character] of text.matchAll(/(\x1b\[(\?)?([\d;]*)([A-Za-z]))|(.)/gs)) {
      if (sequence === undefined) this.print(character!);
      else this.control(parameters!.split(';').map(Number), final!, sequence.includes('?'));
    }
  }

  private print(character: string): void {
    if (character === '\r') this.column = 0;
    else if (character === '\n') this.row = Math.min(this.row + 1, this.rows - 1);
    else {
      if (this.column === this.columns) {
        this.column = this.wraps ? 0 : this.columns - 1;
        if (this.wraps) this.row = Math.min(this.row + 1, this.rows - 1);
      }
      this.cells[this.row]![this.column++] = character;
    }
  }

  private control([first = 0, second = 1]: readonly number[], final: string, isPrivate: boolean): void {
    if (isPrivate) {
      if (first === 7) this.wraps = final === 'h';
      if (first === 25) this.showsCursor = final === 'h';
    } else if (final === 'H') {
      this.row = Math.min(first, this.rows) - 1;
      this.column = Math.min(second, this.columns) - 1;
    } else if (final === 'K') this.cells[this.row]!.fill(' ', Math.min(this.column, this.columns - 1));
    else if (final === 'J') for (const row of this.cells) row.fill(' ');
  }
}

/** 25 rows of 80 columns: each begins with its number and ends in a bar. */
function screenWith(cursor: TextScreen['cursor']): TextScreen {
  const cells = new Uint16Array(25 * 80).fill(0x0720);
  for (let row = 0; row < 25; row++) {
    for (const [column, character] of [...`${row}`].entries())
      cells[row * 80 + column] = 0x0700 | character.charCodeAt(0);
    cells[row * 80 + 79] = 0x077c;
  }
  return { columns: 80, rows: 25, cells, cursor };
}

function show(terminal: Terminal, cursor: TextScreen['cursor']): TextDisplay {
  const display = new TextDisplay(() => screenWith(cursor), terminal);
  display.start();
  display.draw();
  return display;
}

const row = (number: number): string => `${number}`.padEnd(79) + '|';

test('a terminal of its size shows all of it, the last column too', () => {
  const terminal = new Terminal(25, 80);
  show(terminal, { row: 3, column: 5 }).stop();
  const again = new Terminal(25, 80);
  show(again, { row: 3, column: 5 });
  expect(again.text).toEqual(Array.from({ length: 25 }, (_, i) => row(i)));
  expect([again.row, again.column, again.showsCursor]).toEqual([3, 5, true]);
  expect([terminal.wraps, terminal.showsCursor]).toEqual([true, true]);
});

test('a larger one shows it in its corner', () => {
  const terminal = new Terminal(40, 100);
  show(terminal, undefined);
  expect(terminal.text.slice(0, 26)).toEqual([...Array.from({ length: 25 }, (_, i) => row(i)), '']);
  expect(terminal.showsCursor).toBe(false);
});

test('one with 24 rows shows those with the cursor', () => {
  const top = new Terminal(24, 80);
  show(top, { row: 0, column: 0 });
  expect([top.text[0], top.text[23]]).toEqual([row(0), row(23)]);
  const bottom = new Terminal(24, 80);
  show(bottom, { row: 24, column: 2 });
  expect([bottom.text[0], bottom.text[23]]).toEqual([row(1), row(24)]);
  expect([bottom.row, bottom.column]).toEqual([23, 2]);
});

test('a narrow one cuts rows off', () => {
  const terminal = new Terminal(25, 40);
  show(terminal, { row: 0, column: 0 });
  expect(terminal.text.map((line) => line.slice(0, 3).trim())).toEqual(Array.from({ length: 25 }, (_, i) => `${i}`));
});

test('what changes is drawn again', () => {
  const terminal = new Terminal(25, 80);
  const screen = screenWith({ row: 1, column: 1 });
  const display = new TextDisplay(() => screen, terminal);
  display.start();
  display.draw();
  screen.cells[80 + 40] = 0x0758;
  display.draw();
  expect(terminal.text[1]).toBe(`${'1'.padEnd(40)}X${'|'.padStart(39)}`);
  expect(terminal.text[2]).toBe(row(2));
});

test('a line of ours stands at the lower edge until it is taken away', () => {
  const terminal = new Terminal(25, 80);
  const display = show(terminal, undefined);
  display.say(' a line of ours ');
  expect(terminal.text.slice(22)).toEqual([row(22), row(23), ' a line of ours']);
  display.say(undefined);
  expect(terminal.text[24]).toBe(row(24));
});

test('a terminal that was changed by others is drawn anew', () => {
  const terminal = new Terminal(25, 80);
  const display = show(terminal, undefined);
  for (const cells of terminal.cells) cells.fill('#');
  display.draw();
  expect(terminal.text[5]).toBe('#'.repeat(80));
  display.redraw();
  expect(terminal.text).toEqual(Array.from({ length: 25 }, (_, i) => row(i)));
});

test('the last screen is left once', () => {
  let text = '';
  const output = { write: (more: string) => void (text += more) };
  const display = new TextDisplay(() => screenWith(undefined), output);
  display.start();
  display.draw();
  text = '';
  display.stop();
  display.stop();
  expect(text.match(/\x1b\[\?1049l/g)).toHaveLength(1);
  expect(text.split('\r\n')).toHaveLength(26);
});
