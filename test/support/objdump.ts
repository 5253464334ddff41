/**
 * The disassembler of GNU binutils as an oracle: what `objdump -M intel` makes of byte sequences, each on its own.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Each sequence starts on a multiple of this; the rest is filled with NOPs, so that objdump is in step again. */
export const STRIDE = 32;
/** Longest sequence: an instruction that starts in its last byte still ends before the stride does. */
export const SEQUENCE = 16;

/** objdump's view of the first instruction of a sequence. */
export interface Disassembly {
  /** Offset in the file, which is the address that objdump thinks it has. */
  readonly address: number;
  readonly length: number;
  /** Text in Intel syntax as objdump prints it, `(bad)` included. */
  readonly text: string;
}

/** Whether objdump is there; a test that needs it says so instead of passing silently. */
export function objdumpVersion(): string | undefined {
  const { stdout, status } = spawnSync('objdump', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : undefined;
}

/**
 * Disassemble the first instruction of each sequence.
 * @param sequences up to SEQUENCE bytes each.
 */
export function disassemble(sequences: readonly Uint8Array[], code32: boolean): Disassembly[] {
  const bytes = new Uint8Array(sequences.length * STRIDE).fill(0x90);
  sequences.forEach((sequence, index) => {
    bytes.set(sequence.subarray(0, SEQUENCE), index * STRIDE);
  });
  const folder = mkdtempSync(join(tmpdir(), 'xlat86-objdump-'));
  try {
    const file = join(folder, 'code.bin');
    writeFileSync(file, bytes);
    const machine = code32 ? 'i386' : 'i8086';
    const listing = execFileSync(
      'objdump',
      ['-D', '-z', '-b', 'binary', '-m', 'i386', '-M', `intel,${machine}`, '--insn-width=16', file],
      { encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    return parseListing(listing, sequences.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parseListing(listing: string, count: number): Disassembly[] {
  const result: Disassembly[] = [];
  for (const line of listing.split('\n')) {
    const match = /^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t?(.*)$/.exec(line);
    if (match === null) continue;
    const address = Number.parseInt(match[1]!, 16);
    if (address % STRIDE !== 0) continue;
    result[address / STRIDE] = { address, length: match[2]!.length / 3, text: match[3]!.trim() };
  }
  for (let i = 0; i < count; i++) {
    if (result[i] === undefined) throw new Error(`objdump lost step at sequence ${i}`);
  }
  return result;
}
