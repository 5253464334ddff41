/**
 * The part of /proc that programs look at: /proc/self and its like, and a few files about the system.
 * Contents are made when a file is opened, from views that the kernel provides.
 */
import { Errno, fail } from '../errno.ts';
import { bytesOf } from '../text.ts';
import {
  type DirectoryEntry,
  type FileContent,
  type FileSystemStat,
  FileType,
  type Stat,
  timeOfMilliseconds,
} from './file-system.ts';
import { UnchangeableFileSystem, unchangeableContent } from './unchangeable.ts';

/** PROC_SUPER_MAGIC. */
const PROC = 0x9fa0;

/** A process as /proc shows it. Texts are byte strings. */
export interface ProcessView {
  readonly pid: number;
  /** Texts by file name: `cmdline`, `maps`, `status`, … */
  readonly files: Readonly<Record<string, () => string>>;
  /** Link targets by name: `exe`, `cwd`, `root`. */
  readonly links: Readonly<Record<string, () => string>>;
  /** Names of the open files by descriptor. */
  readonly descriptors: () => ReadonlyMap<number, string>;
}

export interface ProcViews {
  /** Process that asks. */
  readonly self: () => number;
  readonly processes: () => readonly number[];
  readonly process: (pid: number) => ProcessView | undefined;
  /** Texts by file name: `meminfo`, `uptime`, … */
  readonly files: Readonly<Record<string, () => string>>;
  readonly now: () => number;
}

type Node =
  | { readonly kind: 'directory'; readonly entries: () => readonly string[] }
  | { readonly kind: 'file'; readonly text: () => string }
  | { readonly kind: 'link'; readonly target: () => string; readonly magic: boolean };

export class ProcFileSystem extends UnchangeableFileSystem {
  readonly #views: ProcViews;

  constructor(views: ProcViews) {
    super();
    this.#views = views;
  }

  #find(path: string): Node {
    const views = this.#views;
    if (path === '') return { kind: 'directory', entries: () => this.#rootEntries() };
    const [first, second, third, ...rest] = path.split('/') as [string, ...string[]];
    if (first === 'self' && second === undefined) {
      return { kind: 'link', target: () => String(views.self()), magic: false };
    }
    if (second === undefined && Object.hasOwn(views.files, first)) return { kind: 'file', text: views.files[first]! };
    const process = /^[1-9]\d*$/.test(first) ? views.process(Number(first)) : undefined;
    if (process === undefined || rest.length > 0) fail(Errno.ENOENT);
    if (second === undefined) {
      const names = [...Object.keys(process.files), ...Object.keys(process.links), 'fd'];
      return { kind: 'directory', entries: () => names };
    }
    if (second === 'fd') return this.#descriptor(process, third);
    if (third !== undefined) fail(Errno.ENOENT);
    if (Object.hasOwn(process.files, second)) return { kind: 'file', text: process.files[second]! };
    if (Object.hasOwn(process.links, second)) {
      return { kind: 'link', target: process.links[second]!, magic: false };
    }
    return fail(Errno.ENOENT);
  }

  #rootEntries(): readonly string[] {
    return [...this.#views.processes().map(String), 'self', ...Object.keys(this.#views.files)];
  }

  #descriptor(process: ProcessView, name: string | undefined): Node {
    const open = process.descriptors();
    if (name === undefined) return { kind: 'directory', entries: () => [...open.keys()].map(String) };
    const target = open.get(Number(name)) ?? fail(Errno.ENOENT);
    return { kind: 'link', target: () => target, magic: true };
  }

  isMagicLink(path: string): boolean {
    const node = this.#find(path);
    return node.kind === 'link' && node.magic;
  }

  stat(path: string): Stat {
    const { kind } = this.#find(path);
    const time = timeOfMilliseconds(this.#views.now());
    let inode = 1;
    for (let index = 0; index < path.length; index++) inode = (inode * 31 + path.charCodeAt(index)) & 0x7fffffff;
    return {
      device: 3,
      inode: inode + 1,
      mode: modes[kind],
      links: 1,
      uid: 0,
      gid: 0,
      specialDevice: 0,
      size: 0,
      blockSize: 1024,
      blocks: 0,
      accessed: time,
      modified: time,
      changed: time,
    };
  }

  readLink(path: string): string {
    const node = this.#find(path);
    return node.kind === 'link' ? node.target() : fail(Errno.EINVAL);
  }

  open(path: string): FileContent {
    const node = this.#find(path);
    if (node.kind !== 'file') fail(node.kind === 'directory' ? Errno.EISDIR : Errno.ELOOP);
    const bytes = bytesOf(node.text());
    const stat = this.stat(path);
    return {
      ...unchangeableContent,
      stat: () => stat,
      readAt: (into, position) => {
        const chunk = bytes.subarray(position, position + into.length);
        into.set(chunk);
        return chunk.length;
      },
      close: () => {},
    };
  }

  list(path: string): readonly DirectoryEntry[] {
    const node = this.#find(path);
    if (node.kind !== 'directory') fail(Errno.ENOTDIR);
    return node.entries().map((name) => {
      const stat = this.stat(path === '' ? name : path + '/' + name);
      return { name, inode: stat.inode, type: stat.mode & 0o170000 };
    });
  }

  statFileSystem(): FileSystemStat {
    return { type: PROC, blockSize: 4096, blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 };
  }
}

const modes: Readonly<Record<Node['kind'], number>> = {
  directory: FileType.Directory | 0o555,
  file: FileType.Regular | 0o444,
  link: FileType.SymbolicLink | 0o777,
};
