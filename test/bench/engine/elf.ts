// Static i386 ELF files, both ways, as far as benchmarks need: segments of a program, and a program from code.
import { readFileSync } from 'node:fs';
import type { Guest } from '../guests.ts';

/** A part of a program in memory, its zeros included. */
export interface Segment {
  readonly la: number;
  readonly bytes: Uint8Array;
  readonly writable: boolean;
  readonly executable: boolean;
}

const PT_LOAD = 1;
const PF_X = 1;
const PF_W = 2;
const EHDR_BYTES = 52;
const PHDR_BYTES = 32;

/** The program of a guest that is built. */
export function readGuest({ program }: Guest): Uint8Array {
  return readFileSync(program);
}

export function loadSegments(program: Uint8Array): { readonly entry: number; readonly segments: Segment[] } {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const segments: Segment[] = [];
  const table = view.getUint32(28, true);
  for (let i = 0, at = table; i < view.getUint16(44, true); i++, at += PHDR_BYTES) {
    const [type, offset, la, , stored, size, flags] = [0, 4, 8, 12, 16, 20, 24].map((field) =>
      view.getUint32(at + field, true),
    ) as [number, number, number, number, number, number, number];
    if (type !== PT_LOAD) continue;
    const bytes = new Uint8Array(size);
    bytes.set(program.subarray(offset, offset + stored));
    segments.push({ la, bytes, writable: (flags & PF_W) !== 0, executable: (flags & PF_X) !== 0 });
  }
  return { entry: view.getUint32(24, true), segments };
}

/** A program of one segment, readable, writable and executable, that starts at its first byte. */
export function makeProgram(la: number, code: Uint8Array): Uint8Array {
  const program = new Uint8Array(4096 + code.length);
  const view = new DataView(program.buffer);
  program.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, 3, true); // EM_386
  view.setUint32(20, 1, true);
  view.setUint32(24, la, true);
  view.setUint32(28, EHDR_BYTES, true);
  view.setUint16(40, EHDR_BYTES, true);
  view.setUint16(42, PHDR_BYTES, true);
  view.setUint16(44, 1, true);
  // The segment's file offset and address agree modulo the page size.
  const fields = [PT_LOAD, 4096, la, la, code.length, code.length, 7, 4096];
  for (const [i, field] of fields.entries()) view.setUint32(EHDR_BYTES + 4 * i, field, true);
  program.set(code, 4096);
  return program;
}
