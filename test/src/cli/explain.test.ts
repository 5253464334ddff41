// `xlat86 explain`: all stages of given bytes and of a place in a program, and one clear line for what cannot be.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExplainError, explain, modes, printRegion, stretchOf } from '../../../src/debug/explain.ts';

const root = join(import.meta.dirname, '../../..');
const guest = 'fixtures/guests/demo/demo.elf';

function xlat86(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ['--import', 'tsx', join(root, 'src/cli/main.ts'), 'explain', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const sections = (text: string): string[] => text.match(/^== .*$/gm) ?? [];

test('bytes: guest code, both IR stages, micro-operations and JavaScript', () => {
  const { status, stdout, stderr } = xlat86('--hex', '03 03 c3');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(sections(stdout)).toEqual(['== asm', '== ir', '== opt', '== tier 0', '== js']);
  expect(stdout).toContain('00001000  03 03                   add eax, dword [ebx]\n');
  expect(stdout).toContain('  %2 = load32 [%1]\n');
  expect(stdout).toContain('  addFlags eax, eax, t0\n');
  expect(stdout).toMatch(/^return function r_1000\(k, j\) \{$/m);
});

test('16-bit code at an address of its own', () => {
  const { stdout } = xlat86('--hex', '0x03,0x03', '--mode', '16', '--eip', '0x7c00');
  expect(stdout).toContain('00007c00  03 03                   add ax, word [bp+di]\n');
  expect(stdout).toContain('jump 00007c02');
});

test('a place in a program, alone and with what it leads to', () => {
  const elf = readFileSync(join(root, guest));
  const entry = elf.readUInt32LE(24).toString(16);
  const alone = xlat86(guest, '--at', entry);
  expect(alone.status).toBe(0);
  expect(alone.stdout.startsWith(`== asm\n${entry.padStart(8, '0')}  `)).toBe(true);
  const region = xlat86(guest, '--at', entry, '--region');
  expect(region.stdout.match(/^block /gm)!.length).toBeGreaterThan(3);
  expect(region.stdout).toContain('for (; ; ) {');
});

test.each([
  [[], 'give either PROGRAM or --hex BYTES', 2],
  [['--hex', '9'], '--hex 9: expected pairs of hexadecimal digits', 2],
  [['--hex', 'b8 01'], 'the bytes end within the instruction at 0x1000', 2],
  [['--hex', '90', '--eip', 'here'], '--eip here: expected a hexadecimal address', 2],
  [['--hex', '90', '--at', '10'], '--at needs PROGRAM', 2],
  [['--hex', '90', '--mode', '64'], "option '--mode <bits>' argument '64' is invalid", 2],
  [[guest], 'PROGRAM needs --at ADDRESS', 2],
  [[guest, '--at', '10'], `${guest}: no segment at 0x10; the entry is 0x`, 2],
  [['package.json', '--at', '10'], 'package.json: not an ELF file', 126],
  [['missing', '--at', '10'], 'missing: no such file', 127],
] as const)('%j: %s', (args, message, code) => {
  const { status, stdout, stderr } = xlat86(...args);
  expect(stderr.startsWith(`xlat86: ${message}`), stderr).toBe(true);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(status).toBe(code);
});

describe('text', () => {
  const bytes = (length: number, hex: string, at: number): Uint8Array => {
    const page = new Uint8Array(length).fill(0x90);
    page.set(Buffer.from(hex, 'hex'), at);
    return page;
  };

  test('an instruction on two pages is not for tier 1', () => {
    const stretch = { eip: 0x1000, bytes: bytes(8192, 'b801020304', 4094) };
    expect(() => explain(stretch, 0x1ffe, modes['32']!, false)).toThrow(ExplainError);
  });

  test('bytes that are no instruction', () => {
    const stretch = { eip: 0x1000, bytes: bytes(16, '0f0a', 0) };
    const text = printRegion(explain(stretch, 0x1000, modes['32']!, false), stretch);
    expect(text).toContain('== asm\nno instruction\n');
    expect(text).toContain('vmm raise, 6, 0 at 00001000');
  });

  test('memory that is in no file', () => {
    const elf = readFileSync(join(root, guest));
    expect(() => stretchOf(elf, 'demo', 0x8100000)).toThrow(ExplainError);
  });
});
