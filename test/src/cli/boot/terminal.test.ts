// The keys of `xlat86 boot` on a real terminal, which script(1) of bsdutils, part of every Debian, provides.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleCommandLine } from '../../../../scripts/bundle.ts';

const root = join(import.meta.dirname, '../../../..');
const built = join(root, '.cache/test-dist-terminal');
const folder = mkdtempSync(join(tmpdir(), 'xlat86-terminal-'));
const picture = join(folder, 'screen.png');
const echo = join(folder, 'echo.bin');

beforeAll(() => bundleCommandLine(root, built));
afterAll(() => rmSync(folder, { recursive: true }));

// Says '>' and then whatever comes in on COM1: MOV DX, 3F8h; MOV AL, '>'; OUT DX, AL;
// L: MOV DX, 3FDh; IN AL, DX; TEST AL, 1; JZ L; MOV DX, 3F8h; IN AL, DX; OUT DX, AL; JMP L
writeFileSync(
  echo,
  Uint8Array.of(
    ...[0xba, 0xf8, 3, 0xb0, 0x3e, 0xee],
    ...[0xba, 0xfd, 3, 0xec, 0xa8, 1, 0x74, 0xf8, 0xba, 0xf8, 3, 0xec, 0xee, 0xeb, 0xf1],
  ),
);

/** xlat86 on a terminal; `text` is all that the terminal got. */
class TerminalSession {
  text = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(...args: readonly string[]) {
    const command = [
      'exec',
      process.execPath,
      join(built, 'main.js'),
      'boot',
      '--kernel',
      echo,
      '--load',
      '7c00',
      ...args,
    ];
    this.child = spawn('script', ['-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout!.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1');
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  type(text: string): void {
    this.child.stdin!.write(text);
  }

  async says(text: string): Promise<void> {
    for (const end = Date.now() + 60_000; !this.text.includes(text); ) {
      if (Date.now() > end) throw new Error(`not said: ${text}\n${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test('the first serial port: keys pass, Ctrl-A begins what is ours', async () => {
  const session = new TerminalSession('--screenshot', picture);
  await session.says('xlat86: Ctrl-A then X ends the machine');
  await session.says('>');
  session.type('hello\x03');
  await session.says('hello\x03');
  session.type('\x01a');
  await session.says('\x01');
  session.text = '';
  session.type('\x01h');
  await session.says('H shows this');
  expect(existsSync(picture)).toBe(false);
  session.type('\x01s');
  await session.says(`saved ${picture}`);
  expect(existsSync(picture)).toBe(true);
  session.type('\x01x');
  expect(await session.ended).toBe(0);
  expect(session.text).not.toContain('h\x01');
});

test('--display text: a line at the lower edge, gone with the next key; the terminal is given back', async () => {
  const session = new TerminalSession('--display', 'text');
  await session.says('\x1b[?1049h');
  await session.says('H shows this');
  session.type('\x01s');
  await session.says('there is no --screenshot');
  session.type('\x01x');
  expect(await session.ended).toBe(0);
  expect(session.text.match(/\x1b\[\?1049l/g)).toHaveLength(1);
});
