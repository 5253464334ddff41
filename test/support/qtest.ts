// The devices of qemu-system-i386 while its processor stands still: its qtest protocol reads and writes ports and physical memory
// one line at a time, so a device of ours can be asked the same questions as QEMU's.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { has, qemuSystem } from './needs.ts';

/** Tests that compare with QEMU are left out without it. */
export const hasQemuSystem: boolean = has('devices beside QEMU’s', [qemuSystem]);

/** A picture: red, green and blue bytes. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export class Qtest {
  private readonly child: ChildProcess;
  private readonly folder = mkdtempSync(join(tmpdir(), 'xlat86-qtest-'));
  private readonly waiting: ((reply: string) => void)[] = [];

  /** @param args arguments after the machine, which is i440FX with no default devices. */
  constructor(args: readonly string[] = []) {
    const machine = [
      '-machine',
      'pc,accel=tcg',
      '-S',
      '-m',
      '16',
      '-nodefaults',
      '-display',
      'none',
      '-qtest',
      'stdio',
    ];
    const monitor = ['-monitor', `unix:${join(this.folder, 'monitor')},server=on,wait=off`];
    this.child = spawn('qemu-system-i386', [...machine, ...monitor, '-qtest-log', 'none', ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      if (!line.startsWith('IRQ')) this.waiting.shift()?.(line);
    });
    process.on('exit', () => this.child.kill());
    this.child.stdin!.on('error', () => {});
    this.child.on('close', () => {
      for (const reply of this.waiting) reply('qemu-system-i386 has ended');
    });
  }

  /** @returns what follows OK, if anything. */
  ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting.push((reply) => {
        if (reply.startsWith('OK')) resolve(reply.slice(3));
        else reject(new Error(`${command}: ${reply}`));
      });
      this.child.stdin!.write(`${command}\n`);
    });
  }

  async read(kind: 'inb' | 'inw' | 'inl' | 'readb' | 'readw' | 'readl', address: number): Promise<number> {
    return Number(await this.ask(`${kind} 0x${(address >>> 0).toString(16)}`)) | 0;
  }

  async write(kind: 'outb' | 'outw' | 'outl' | 'writeb' | 'writew' | 'writel', address: number, value: number) {
    await this.ask(`${kind} 0x${(address >>> 0).toString(16)} 0x${(value >>> 0).toString(16)}`);
  }

  /** What the display adapter shows. */
  async screendump(): Promise<Picture> {
    const file = join(this.folder, 'screen.ppm');
    await this.monitor(`screendump ${file}`);
    const bytes = readFileSync(file);
    const [header, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 64))!;
    return { width: Number(width), height: Number(height), rgb: bytes.subarray(header.length) };
  }

  /** Run a command of QEMU's monitor. */
  async monitor(command: string): Promise<void> {
    // Its socket is there when this is answered.
    await this.ask('inb 0x80');
    await new Promise<void>((resolve, reject) => {
      const socket = connect(join(this.folder, 'monitor'));
      let prompts = 0;
      socket.on('error', reject).on('data', (text) => {
        // A prompt when it is connected, and one after the command is done.
        if (!String(text).includes('(qemu) ')) return;
        if (prompts++ === 0) socket.write(`${command}\n`);
        else resolve(void socket.destroy());
      });
    });
  }

  close(): void {
    this.child.kill();
    rmSync(this.folder, { recursive: true });
  }
}
