/**
 * Strings between the guest and the host.
 *
 * Linux names are bytes. Inside src/linux they are strings with one character per byte (Latin-1), which compare, split
 * and index like any string and lose nothing; UTF-8 is made or read only where a user of the library meets them.
 */

/** UTF-8 bytes of `text` as one character per byte. Lone surrogates become U+FFFD. */
export function toByteString(text: string): string {
  if (!/[^\x00-\x7f]/.test(text)) return text;
  let bytes = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const point = code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
    if (point < 0x80) bytes += character;
    else if (point < 0x800) bytes += String.fromCharCode(0xc0 | (point >> 6), trail(point));
    else if (point < 0x10000) bytes += String.fromCharCode(0xe0 | (point >> 12), trail(point >> 6), trail(point));
    else bytes += String.fromCharCode(0xf0 | (point >> 18), trail(point >> 12), trail(point >> 6), trail(point));
  }
  return bytes;
}

function trail(point: number): number {
  return 0x80 | (point & 0x3f);
}

/** The bytes of a byte string. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** The byte string of some bytes. */
export function byteStringOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** A byte string as C source would quote it, without the quotation marks. */
export function escapeBytes(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, (character) => {
    const short = shortEscapes.get(character);
    return short ?? '\\x' + character.charCodeAt(0).toString(16).padStart(2, '0');
  });
}

const shortEscapes = new Map<string, string>([
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\r', '\\r'],
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\0', '\\0'],
]);
