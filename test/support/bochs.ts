// Runs a self-checking guest under Bochs, which interprets system mode as the manual has it and is the witness where QEMU is
// none. Without firmware: fixtures/guests/bochs/rom.asm starts the guest, so a run takes a tenth of a second.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GuestOutcome, linesOf } from './system-guests.ts';

const rom = join(import.meta.dirname, '../../fixtures/guests/bochs/rom.asm');

/** Bochs insists on a VGA BIOS: one of 512 bytes (its signature, its length, a sum of 0) in which nothing is ever called. */
const VGA_ROM: Uint8Array = Uint8Array.of(0x55, 0xaa, 1, ...new Uint8Array(509));

/** Of the displays the only one that needs neither terminal nor window; it waits for no viewer. */
const configuration = (model: string): string => `
plugin_ctrl: unmapped=1, extfpuirq=1, biosdev=0, speaker=0, parallel=0, serial=0, gameport=0, iodebug=0
megs: 32
romimage: file="rom.bin"
vgaromimage: file="vga.bin"
display_library: rfb, options="timeout=0"
port_e9_hack: enabled=1
log: log
panic: action=fatal
error: action=report
cpu: model=${model}, ips=10000000, reset_on_triple_fault=0
clock: sync=none
`;

/** Runs an assembled guest under Bochs, on a processor of that model. @throws Error when it does not end as guests do. */
export function runUnderBochs(image: string, model: string): GuestOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'xlat86-bochs-'));
  try {
    execFileSync('nasm', ['-f', 'bin', `-DGUEST='${image}'`, '-o', join(folder, 'rom.bin'), rom], { stdio: 'pipe' });
    writeFileSync(join(folder, 'vga.bin'), VGA_ROM);
    writeFileSync(join(folder, 'bochsrc'), configuration(model));
    // Debian's Bochs has a debugger, which is told to go on.
    const run = { cwd: folder, input: 'c\n', encoding: 'latin1', timeout: 60_000 } as const;
    const { stdout, stderr } = spawnSync('bochs', ['-q', '-f', 'bochsrc'], run);
    if (!stderr.includes('Shutdown port: shutdown requested')) {
      throw new Error(`${image} did not end under Bochs; it printed\n${stdout}${stderr}`);
    }
    // Between what the debugger says, whose prompt has no line of its own.
    const lines = linesOf(stdout.replaceAll(/^<bochs:\d+> /gm, '').replaceAll('\r', ''));
    return { lines: lines.filter((line) => /^(ok|FAILED) /.test(line)), exit: undefined };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
