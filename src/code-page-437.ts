/** The character set of a PC's text screen as Unicode, by code. Source: IBM, code page 437 with its graphic characters. */
const CONTROLS = ' ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const UPPER =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»' +
  '░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀' +
  'αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ';

/** Character of each of the 256 codes. */
export const codePage437: readonly string[] = [
  ...CONTROLS,
  ...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)),
  '⌂',
  ...UPPER,
];
