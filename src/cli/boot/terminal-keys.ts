/**
 * What a terminal sends for a key, as the keys of a US keyboard that a guest should see pressed: bytes → codes of
 * KeyboardEvent. A terminal tells of no releases, so each key is pressed and released at once, with the modifiers around.
 */

/** One key with its modifiers; `code` as KeyboardEvent.code has it. */
export interface KeyStroke {
  readonly code: string;
  readonly shift?: true;
  readonly control?: true;
  readonly alt?: true;
}

/** Rows of the keyboard: code, character, character with shift. */
const symbols: readonly (readonly [code: string, plain: string, shifted: string])[] = [
  ['Backquote', '`', '~'],
  ['Minus', '-', '_'],
  ['Equal', '=', '+'],
  ['BracketLeft', '[', '{'],
  ['BracketRight', ']', '}'],
  ['Backslash', '\\', '|'],
  ['Semicolon', ';', ':'],
  ['Quote', "'", '"'],
  ['Comma', ',', '<'],
  ['Period', '.', '>'],
  ['Slash', '/', '?'],
  ['Space', ' ', ' '],
  ...[...')!@#$%^&*('].map((shifted, digit) => [`Digit${digit}`, String(digit), shifted] as const),
  ...[...'abcdefghijklmnopqrstuvwxyz'].map((c) => [`Key${c.toUpperCase()}`, c, c.toUpperCase()] as const),
];

const characters = new Map<string, KeyStroke>([
  ...symbols.map(([code, , shifted]): [string, KeyStroke] => [shifted, { code, shift: true }]),
  ...symbols.map(([code, plain]): [string, KeyStroke] => [plain, { code }]),
  ['\r', { code: 'Enter' }],
  ['\n', { code: 'Enter' }],
  ['\t', { code: 'Tab' }],
  ['\x7f', { code: 'Backspace' }],
  ['\b', { code: 'Backspace' }],
]);

/** Escape sequences of xterm and its like, without ESC. */
const sequences = new Map<string, KeyStroke>([
  ...(
    [
      ['A', 'ArrowUp'],
      ['B', 'ArrowDown'],
      ['C', 'ArrowRight'],
      ['D', 'ArrowLeft'],
      ['H', 'Home'],
      ['F', 'End'],
    ] as const
  ).flatMap(([letter, code]): [string, KeyStroke][] => [
    [`[${letter}`, { code }],
    [`O${letter}`, { code }],
  ]),
  ...(['P', 'Q', 'R', 'S'] as const).map((letter, i): [string, KeyStroke] => [`O${letter}`, { code: `F${i + 1}` }]),
  ...(
    [
      [1, 'Home'],
      [2, 'Insert'],
      [3, 'Delete'],
      [4, 'End'],
      [5, 'PageUp'],
      [6, 'PageDown'],
      [11, 'F1'],
      [12, 'F2'],
      [13, 'F3'],
      [14, 'F4'],
      [15, 'F5'],
      [17, 'F6'],
      [18, 'F7'],
      [19, 'F8'],
      [20, 'F9'],
      [21, 'F10'],
      [23, 'F11'],
      [24, 'F12'],
    ] as const
  ).map(([number, code]): [string, KeyStroke] => [`[${number}~`, { code }]),
  ['[Z', { code: 'Tab', shift: true }],
]);

/** The keys that stand for what a terminal sent at once. What no key of a US keyboard makes is left out. */
export function keyStrokes(text: string): readonly KeyStroke[] {
  const keys: KeyStroke[] = [];
  for (let at = 0; at < text.length; ) {
    const sequence = text[at] === '\x1b' ? /^\x1b(\[\d*[~A-Z]|O[A-Z])/.exec(text.slice(at)) : null;
    if (sequence !== null) {
      const key = sequences.get(sequence[1]!);
      if (key !== undefined) keys.push(key);
      at += sequence[0].length;
      continue;
    }
    // ESC before another character is that character with Alt; alone it is the key.
    const alt = text[at] === '\x1b' && at + 1 < text.length;
    const key = strokeOf(text[alt ? at + 1 : at]!);
    if (key !== undefined) keys.push(alt ? { ...key, alt: true } : key);
    at += alt ? 2 : 1;
  }
  return keys;
}

function strokeOf(character: string): KeyStroke | undefined {
  if (character === '\x1b') return { code: 'Escape' };
  const known = characters.get(character);
  if (known !== undefined) return known;
  const code = character.charCodeAt(0);
  if (code >= 32) return undefined;
  const letter = characters.get(String.fromCharCode(code + 96));
  return letter === undefined ? undefined : { ...letter, control: true };
}

/** Press and release the keys that stand for what a terminal sent. */
export function typeKeys(text: string, key: (code: string, isDown: boolean) => void): void {
  for (const { code, shift, control, alt } of keyStrokes(text)) {
    const modifiers = [
      ...(shift ? ['ShiftLeft'] : []),
      ...(control ? ['ControlLeft'] : []),
      ...(alt ? ['AltLeft'] : []),
    ];
    for (const modifier of modifiers) key(modifier, true);
    key(code, true);
    key(code, false);
    for (const modifier of modifiers.toReversed()) key(modifier, false);
  }
}
