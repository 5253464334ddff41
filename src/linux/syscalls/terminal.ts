/** ioctl: terminals, and the few requests that any file answers. */
import { Errno, fail } from '../errno.ts';
import { OpenFlag } from '../files/open-file.ts';
import { StreamFile } from '../files/stream-file.ts';
import { TERMIOS_SIZE, type Terminal } from '../files/terminal.ts';
import type { Kernel } from '../kernel.ts';
import { type CallTable, call } from './call.ts';

/** Requests (uapi/asm-generic/ioctls.h). */
const Request = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TCSETSW: 0x5403,
  TCSETSF: 0x5404,
  TCSBRK: 0x5409,
  TCXONC: 0x540a,
  TCFLSH: 0x540b,
  TIOCSCTTY: 0x540e,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCOUTQ: 0x5411,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  FIONREAD: 0x541b,
  FIONBIO: 0x5421,
  TIOCNOTTY: 0x5422,
  TIOCGSID: 0x5429,
  FIONCLEX: 0x5450,
  FIOCLEX: 0x5451,
} as const;

function control(kernel: Kernel, number: number, request: number, argument: number): number {
  const { current, memory } = kernel;
  const file = current.descriptors.get(number);
  switch (request) {
    case Request.FIONREAD:
      memory.write32(argument, file.available());
      return 0;
    case Request.FIONBIO:
      file.flags = (file.flags & ~OpenFlag.NONBLOCK) | (memory.read32(argument) === 0 ? 0 : OpenFlag.NONBLOCK);
      return 0;
    case Request.FIOCLEX:
    case Request.FIONCLEX:
      current.descriptors.setCloseOnExec(number, request === Request.FIOCLEX);
      return 0;
    default:
      if (!(file instanceof StreamFile) || file.terminal === undefined) fail(Errno.ENOTTY);
      return controlTerminal(kernel, file.terminal, request, argument);
  }
}

function controlTerminal(kernel: Kernel, terminal: Terminal, request: number, argument: number): number {
  const { memory, current } = kernel;
  switch (request) {
    case Request.TCGETS:
      memory.write(argument, terminal.settings);
      return 0;
    case Request.TCSETS:
    case Request.TCSETSW:
    case Request.TCSETSF:
      terminal.configure(memory.readBytes(argument, TERMIOS_SIZE));
      return 0;
    case Request.TIOCGPGRP:
      memory.write32(argument, terminal.foreground);
      return 0;
    case Request.TIOCSPGRP:
      terminal.foreground = memory.read32(argument);
      return 0;
    case Request.TIOCGSID:
      memory.write32(argument, current.session);
      return 0;
    case Request.TIOCGWINSZ:
      memory.write16(argument, terminal.rows);
      memory.write16(argument + 2, terminal.columns);
      memory.write32(argument + 4, 0);
      return 0;
    case Request.TIOCOUTQ:
      memory.write32(argument, 0);
      return 0;
    case Request.TIOCSWINSZ:
    case Request.TIOCSCTTY:
    case Request.TIOCNOTTY:
    case Request.TCSBRK:
    case Request.TCXONC:
    case Request.TCFLSH:
      return 0;
    default:
      return -Errno.EINVAL;
  }
}

export const terminalCalls: CallTable = {
  54: call('ioctl', 'ixx', control),
};
