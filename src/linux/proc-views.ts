/** What /proc shows of the kernel: the texts of proc(5), as far as programs read them. */
import type { CpuModel } from '../../runtime/cpu/cpuid.ts';
import { type Area, PROT_EXEC, PROT_READ, PROT_WRITE } from './area.ts';
import { PAGE_SIZE } from './frames.ts';
import type { Kernel } from './kernel.ts';
import { KERNEL_RELEASE } from './syscalls/system.ts';
import type { Task } from './task.ts';
import type { ProcessView, ProcViews } from './tree/proc-file-system.ts';

export function procViews(kernel: Kernel): ProcViews {
  return {
    self: () => kernel.current.pid,
    processes: () => [...kernel.tasks.keys()],
    process: (pid) => {
      const task = kernel.tasks.get(pid);
      return task === undefined ? undefined : processView(kernel, task);
    },
    files: {
      cpuinfo: () => cpuText(kernel.model),
      filesystems: () => 'nodev\ttmpfs\nnodev\tproc\n',
      loadavg: () => `0.00 0.00 0.00 1/${kernel.tasks.size} ${kernel.current.pid}\n`,
      meminfo: () => memoryText(kernel),
      mounts: () => [...kernel.tree.mounts].map(mountLine).join(''),
      stat: () => statText(kernel),
      uptime: () => `${seconds(kernel.clock.monotonic() - kernel.bootTime)} 0.00\n`,
      version: () => `Linux version ${KERNEL_RELEASE}\n`,
    },
    now: () => kernel.clock.realtime(),
  };
}

/** As arch/x86/kernel/cpu/proc.c prints it, without what would be a guess. */
function cpuText({ vendor, family, model, brand, stepping, instructions }: CpuModel): string {
  const flags = ['fpu', ...instructions].filter((name) => !UNNAMED.has(name)).map((name) => LINUX_NAMES[name] ?? name);
  const fields = [
    ['processor\t', 0],
    ['vendor_id\t', vendor],
    ['cpu family\t', family],
    ['model\t\t', model],
    ['model name\t', brand],
    ['stepping\t', stepping],
    ['fpu\t\t', 'yes'],
    ['fpu_exception\t', 'yes'],
    ['flags\t\t', flags.join(' ')],
  ];
  return fields.map(([name, value]) => `${name}: ${value}\n`).join('') + '\n';
}

/** Groups of instructions that have other names in Linux, and those that have none or are the kernel's. */
const LINUX_NAMES: Readonly<Record<string, string>> = {
  clfsh: 'clflush',
  sse3: 'pni',
  sse41: 'sse4_1',
  sse42: 'sse4_2',
  lzcnt: 'abm',
  prefetchw: '3dnowprefetch',
};
const UNNAMED: ReadonlySet<string> = new Set(['msr', 'pmc', 'sep', 'hints']);

function processView(kernel: Kernel, task: Task): ProcessView {
  return {
    pid: task.pid,
    files: {
      cmdline: () => task.args.map((arg) => arg + '\0').join(''),
      comm: () => task.name + '\n',
      maps: () => task.space.areas.map(mapLine).join(''),
      mounts: () => [...kernel.tree.mounts].map(mountLine).join(''),
      stat: () => taskStat(task),
      status: () => taskStatus(kernel, task),
    },
    links: { cwd: () => task.directory, exe: () => task.program, root: () => '/' },
    descriptors: () => new Map([...task.descriptors.entries()].map(([number, file]) => [number, file.path])),
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2);
}

function memoryText({ frames }: Kernel): string {
  const line = (name: string, pages: number): string => `${name}:`.padEnd(16) + `${pages * 4}`.padStart(8) + ' kB\n';
  return [
    line('MemTotal', frames.total),
    line('MemFree', frames.free),
    line('MemAvailable', frames.free),
    line('Buffers', 0),
    line('Cached', 0),
    line('SwapTotal', 0),
    line('SwapFree', 0),
  ].join('');
}

function mountLine([path, { readOnly }]: readonly [string, { readonly readOnly: boolean }]): string {
  return `xlat86 ${path.replace(/[ \t\n\\]/g, octal)} xlat86 ${readOnly ? 'ro' : 'rw'} 0 0\n`;
}

function octal(character: string): string {
  return '\\' + character.charCodeAt(0).toString(8).padStart(3, '0');
}

function statText(kernel: Kernel): string {
  const boot = Math.floor((kernel.clock.realtime() - kernel.clock.monotonic() + kernel.bootTime) / 1000);
  return `cpu 0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\nbtime ${boot}\nprocesses ${kernel.tasks.size}\n`;
}

/** A line of /proc/PID/maps. */
function mapLine({ start, end, prot, shared, name }: Area): string {
  const address = (page: number): string => (page * PAGE_SIZE).toString(16).padStart(8, '0');
  const letters = [
    (prot & PROT_READ) !== 0 ? 'r' : '-',
    (prot & PROT_WRITE) !== 0 ? 'w' : '-',
    (prot & PROT_EXEC) !== 0 ? 'x' : '-',
    shared ? 's' : 'p',
  ].join('');
  const line = `${address(start)}-${address(end)} ${letters} 00000000 00:00 0`;
  return (name === '' ? line : line.padEnd(73) + name) + '\n';
}

function stateLetter({ state }: Task): string {
  return { ready: 'R', waiting: 'S', stopped: 'T', ended: 'Z' }[state];
}

function taskStat(task: Task): string {
  const ticks = Math.floor(task.cpuTime / 10);
  const childTicks = Math.floor(task.childrenTime / 10);
  const fields = [
    task.pid,
    `(${task.name})`,
    stateLetter(task),
    task.parent?.pid ?? 1,
    task.group,
    task.session,
    ...[0, -1, 0, 0, 0, 0, 0, ticks, 0, childTicks, 0, 20, 0, 1, 0],
    Math.floor(task.started / 10),
    task.space.mapped * PAGE_SIZE,
    task.space.resident,
    ...new Array<number>(28).fill(0),
  ];
  return fields.join(' ') + '\n';
}

function taskStatus({ credentials: { uid, gid } }: Kernel, task: Task): string {
  const names: Readonly<Record<string, string>> = { R: 'running', S: 'sleeping', T: 'stopped', Z: 'zombie' };
  const letter = stateLetter(task);
  return [
    `Name:\t${task.name}`,
    `Umask:\t${task.umask.toString(8).padStart(4, '0')}`,
    `State:\t${letter} (${names[letter]})`,
    `Tgid:\t${task.pid}`,
    `Pid:\t${task.pid}`,
    `PPid:\t${task.parent?.pid ?? 1}`,
    'TracerPid:\t0',
    `Uid:\t${uid}\t${uid}\t${uid}\t${uid}`,
    `Gid:\t${gid}\t${gid}\t${gid}\t${gid}`,
    `VmSize:\t${task.space.mapped * 4} kB`,
    `VmRSS:\t${task.space.resident * 4} kB`,
    'Threads:\t1',
    '',
  ].join('\n');
}
