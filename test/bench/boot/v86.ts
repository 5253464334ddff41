// v86 as a command: boots a Linux kernel, its first serial port is stdout. Ends when it is killed.
// Use: v86.ts KERNEL INITRD COMMAND-LINE MEGABYTES
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { V86 } from 'v86';
import { guestFolder } from './contestant.ts';

const [kernel, initrd, append, megabytes] = process.argv.slice(2) as [string, string, string, string];
const bytesOf = (path: string): { readonly buffer: ArrayBuffer } => {
  const bytes = readFileSync(path);
  return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer };
};
const emulator = new V86({
  wasm_path: join(dirname(createRequire(import.meta.url).resolve('v86/package.json')), 'build/v86.wasm'),
  memory_size: Number(megabytes) << 20,
  bios: bytesOf(join(guestFolder, 'bios.bin')),
  vga_bios: bytesOf(join(guestFolder, 'vgabios.bin')),
  bzimage: bytesOf(kernel),
  initrd: bytesOf(initrd),
  cmdline: append,
  autostart: true,
  disable_keyboard: true,
  disable_mouse: true,
});
let line: number[] = [];
emulator.add_listener('serial0-output-byte', (byte: number) => {
  line.push(byte);
  if (byte !== 10) return;
  process.stdout.write(Uint8Array.from(line));
  line = [];
});
