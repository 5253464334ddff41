// ACPI tables: both ways into memory give the same valid tables, and ACPICA's compiler understands them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acpiFiles, acpiImage } from '../../../../runtime/devices/acpi/tables.ts';
import { has, type Need } from '../../../support/needs.ts';

const BASE = 0x7fe0000;
const OPTIONS = { ramEnd: 0x8000000, hasHpet: true };
const iasl: Need = { what: 'iasl', from: 'apt-get install acpica-tools' };

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes).replace(/\0.*$/, '');
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0) & 0xff;
const word = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

/** The tables by signature, found as an operating system does. */
function find(rootPointer: Uint8Array, tables: Uint8Array): Map<string, Uint8Array> {
  expect(text(rootPointer.subarray(0, 8))).toBe('RSD PTR ');
  expect(sum(rootPointer)).toBe(0);
  const at = (pa: number): Uint8Array => {
    const start = pa - BASE;
    return tables.subarray(start, start + word(tables, start + 4));
  };
  const rsdt = at(word(rootPointer, 16));
  const found = new Map([['RSDT', rsdt]]);
  for (let i = 36; i < rsdt.length; i += 4) {
    const table = at(word(rsdt, i));
    found.set(text(table.subarray(0, 4)), table);
  }
  const fadt = found.get('FACP')!;
  found.set('DSDT', at(word(fadt, 40)));
  for (const table of found.values()) expect(sum(table)).toBe(0);
  const facs = at(word(fadt, 36));
  expect([text(facs.subarray(0, 4)), facs.length, word(fadt, 36) % 64]).toEqual(['FACS', 64, 0]);
  return found;
}

/** Do what firmware does with the table loader's script. */
function load(files: ReadonlyMap<string, Uint8Array>): { tables: Uint8Array; rootPointer: Uint8Array } {
  const script = files.get('etc/table-loader')!;
  const places = new Map<string, number>();
  const content = new Map([...files].map(([name, bytes]) => [name, bytes.slice()]));
  const name = (at: number): string => text(script.subarray(at, at + 56));
  for (let at = 0; at < script.length; at += 128) {
    switch (word(script, at)) {
      case 1:
        places.set(name(at + 4), name(at + 4).endsWith('rsdp') ? 0xf0000 : BASE);
        break;
      case 2: {
        const into = content.get(name(at + 4))!;
        const offset = word(script, at + 116);
        expect(script[at + 120]).toBe(4);
        new DataView(into.buffer).setUint32(offset, word(into, offset) + places.get(name(at + 60))!, true);
        break;
      }
      case 3: {
        const into = content.get(name(at + 4))!;
        const start = word(script, at + 64);
        into[word(script, at + 60)] = 0;
        into[word(script, at + 60)] = -sum(into.subarray(start, start + word(script, at + 68)));
        break;
      }
      default:
        throw new Error(`unknown command ${word(script, at)}`);
    }
  }
  return { tables: content.get('etc/acpi/tables')!, rootPointer: content.get('etc/acpi/rsdp')! };
}

it('are all there, with pointers and checksums that hold', () => {
  const { rootPointer, tables } = acpiImage(OPTIONS, BASE);
  expect([...find(rootPointer, tables).keys()]).toEqual(['RSDT', 'FACP', 'APIC', 'HPET', 'DSDT']);
  const without = acpiImage({ ...OPTIONS, hasHpet: false }, BASE);
  expect(find(without.rootPointer, without.tables).has('HPET')).toBe(false);
});

it('come out the same when firmware places them', () => {
  const loaded = load(acpiFiles(OPTIONS));
  const placed = acpiImage(OPTIONS, BASE);
  expect(loaded.rootPointer).toEqual(placed.rootPointer);
  expect(loaded.tables).toEqual(placed.tables);
});

describe.skipIf(!has('ACPI tables under iasl', [iasl]))('under ACPICA', () => {
  it('disassemble, and the devices compile again without an error', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xlat86-acpi-'));
    try {
      const { rootPointer, tables } = acpiImage(OPTIONS, BASE);
      const run = (...args: readonly string[]): string =>
        execFileSync('iasl', args, { cwd: folder, encoding: 'latin1', stdio: 'pipe' });
      const source = new Map<string, string>();
      for (const [name, bytes] of find(rootPointer, tables)) {
        writeFileSync(join(folder, `${name}.aml`), bytes);
        run('-d', `${name}.aml`);
        source.set(name, readFileSync(join(folder, `${name}.dsl`), 'latin1'));
      }
      expect(run('-oa', 'DSDT.dsl')).toContain('0 Errors');
      expect(source.get('DSDT')).toContain('EisaId ("PNP0A03")');
      const floppy = /Device \(FDC0\).*?Device \(COM1\)/s.exec(source.get('DSDT')!)![0];
      expect(floppy).toMatch(
        /EisaId \("PNP0700"\).*0x03F2.*0x03F7.*IRQNoFlags \(\)\s+\{6\}.*DMA \(Compatibility.*\{2\}/s,
      );
      expect(source.get('APIC')).toMatch(/Interrupt Source Override.*Source : 00\n.*Interrupt : 00000002/s);
      expect(source.get('FACP')).toMatch(/PM Timer Block Address : 00000608/);
      expect(source.get('HPET')).toMatch(/Address : 00000000FED00000/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
