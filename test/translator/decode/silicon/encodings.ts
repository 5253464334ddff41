/**
 * Which encodings are asked of the CPU, and how its answers are written down, for record.ts and silicon.test.ts alike.
 *
 * A line is the bytes up to ModRM, a colon, and one character for each ModRM byte tried: the length of the instruction
 * in hexadecimal, or '.' where it is undefined. Lines of '.' alone are left out.
 */

/** Bytes in front of a ModRM byte, and the ModRM bytes to try. */
export interface Line {
  readonly bytes: readonly number[];
  readonly modrms: readonly number[];
}

const range = (count: number, first = 0): number[] => Array.from({ length: count }, (_, index) => first + index);
const prefixBytes = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];
/** [EAX], then ECX as register, for each ModRM.reg. */
const everyReg = [...range(8).map((reg) => reg << 3), ...range(8).map((reg) => 0xc1 | (reg << 3))];

/** Opcodes of all maps. C4 and C5 are LES and LDS here, with memory, and 62 is BOUND. */
const opcodes: readonly (readonly number[])[] = [
  ...range(256)
    .filter((byte) => byte !== 0x0f && !prefixBytes.includes(byte))
    .map((byte) => [byte]),
  ...range(256)
    .filter((byte) => byte !== 0x38 && byte !== 0x3a)
    .map((byte) => [0x0f, byte]),
  ...range(256).map((byte) => [0x0f, 0x38, byte]),
  ...range(256).map((byte) => [0x0f, 0x3a, byte]),
];
const isVexOrEvex = ([byte]: readonly number[]): boolean => byte === 0xc4 || byte === 0xc5 || byte === 0x62;

/** Every opcode under no prefix, each mandatory prefix and LOCK; register forms of x87 and groups; BMI. */
export const lines: readonly Line[] = [
  ...[[], [0x66], [0xf3], [0xf2], [0x66, 0xf2], [0xf0]].flatMap((prefixes) =>
    opcodes.map((opcode) => ({
      bytes: [...prefixes, ...opcode],
      modrms: isVexOrEvex(opcode) ? everyReg.slice(0, 8) : everyReg,
    })),
  ),
  ...[...range(8, 0xd8).map((byte) => [byte]), [0x0f, 0x01], [0x0f, 0xae], [0x0f, 0xc7]].map((bytes) => ({
    bytes,
    modrms: range(64, 0xc0),
  })),
  ...[0xf2, 0xf3, 0xf5, 0xf6, 0xf7].flatMap((byte) => vexLines(0xe2, byte)),
  ...vexLines(0xe3, 0xf0),
];

/** One opcode under VEX, with every pp, L and W, and vvvv 1111 and 1110. */
function vexLines(map: number, byte: number): Line[] {
  return [0x78, 0x70]
    .flatMap((vvvv) =>
      range(4).flatMap((pp) =>
        [0, 0x80, 4].map((wl) => ({ bytes: [0xc4, map, vvvv | wl | pp], modrms: everyReg, opcode: byte })),
      ),
    )
    .map(({ bytes, modrms, opcode }) => ({ bytes: [...bytes, opcode], modrms }));
}

/** The 16 bytes for one ModRM byte of a line; what follows is zero. */
export function sequenceOf({ bytes }: Line, modrm: number): Uint8Array {
  const sequence = new Uint8Array(16);
  sequence.set(bytes);
  sequence[bytes.length] = modrm;
  return sequence;
}

/** The first part of a written line. */
export function keyOf({ bytes, modrms }: Line): string {
  const key = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return modrms.length === 64 ? `${key} r` : key;
}
