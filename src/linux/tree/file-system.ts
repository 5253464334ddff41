/**
 * What a file system is to the file tree: the interface that the in-memory tree, the host's folders and a browser's
 * storage all implement.
 *
 * Paths here are relative to the file system's root, without leading slash ('' is the root itself), byte strings, and
 * already resolved: no component but the last is a symbolic link, and none is `.` or `..`. An implementation never
 * follows the last component either; links are interpreted by `tree.ts`, in the guest's terms.
 */

/** File types, the bits S_IFMT of st_mode. */
export const FileType = {
  Pipe: 0o010000,
  CharacterDevice: 0o020000,
  Directory: 0o040000,
  BlockDevice: 0o060000,
  Regular: 0o100000,
  SymbolicLink: 0o120000,
  Socket: 0o140000,
} as const;

/** S_IFMT. */
export const TYPE_MASK = 0o170000;

/** Nanoseconds since 1970 do not fit a number exactly. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** As struct stat has it. */
export interface Stat {
  readonly device: number;
  readonly inode: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  /** Device number of a device file: major << 8 | minor. */
  readonly specialDevice: number;
  /** Bytes. */
  readonly size: number;
  readonly blockSize: number;
  /** Of 512 bytes. */
  readonly blocks: number;
  readonly accessed: Time;
  readonly modified: Time;
  readonly changed: Time;
}

/** As struct statfs has it; sizes in blocks. */
export interface FileSystemStat {
  readonly type: number;
  readonly blockSize: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly files: number;
  readonly freeFiles: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly inode: number;
  /** One of FileType. */
  readonly type: number;
}

/** How a file is to be opened. */
export interface OpenRequest {
  readonly read: boolean;
  readonly write: boolean;
  readonly append: boolean;
  /** Make the file when it is not there, with these permission bits. */
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
  readonly permissions: number;
}

/** An open regular file. Failures are thrown as SystemError. */
export interface FileContent {
  stat(): Stat;
  /** Reads at a byte position; returns how many bytes, 0 at the end. */
  readAt(into: Uint8Array, position: number): number;
  /** Writes at a byte position, or at the end when opened to append; returns how many bytes. */
  writeAt(bytes: Uint8Array, position: number): number;
  truncate(size: number): void;
  sync(): void;
  setPermissions(permissions: number): void;
  setOwner(uid: number, gid: number): void;
  setTimes(accessed: Time | undefined, modified: Time | undefined): void;
  close(): void;
}

/** A tree of files. Every method throws SystemError on failure. */
export interface FileSystem {
  /** Nothing in it can be changed: EROFS. */
  readonly readOnly: boolean;
  stat(path: string): Stat;
  readLink(path: string): string;
  /** Opens a regular file. */
  open(path: string, request: OpenRequest): FileContent;
  list(path: string): readonly DirectoryEntry[];
  makeDirectory(path: string, permissions: number): void;
  removeDirectory(path: string): void;
  unlink(path: string): void;
  /** Both paths are in this file system. Replaces `to` as rename(2) does. */
  rename(from: string, to: string): void;
  link(from: string, to: string): void;
  symbolicLink(path: string, target: string): void;
  /** Makes a named pipe. */
  makePipe(path: string, permissions: number): void;
  setPermissions(path: string, permissions: number): void;
  /** -1 leaves one as it is. */
  setOwner(path: string, uid: number, gid: number): void;
  setTimes(path: string, accessed: Time | undefined, modified: Time | undefined): void;
  statFileSystem(): FileSystemStat;
  /** The link stands for an open file, not for a path: it is not followed by name. */
  isMagicLink?(path: string): boolean;
}

export function isType(stat: Stat, type: number): boolean {
  return (stat.mode & TYPE_MASK) === type;
}

/** The time of a number of milliseconds, to the nearest nanosecond. */
export function timeOfMilliseconds(milliseconds: number): Time {
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = Math.round((milliseconds - seconds * 1000) * 1e6);
  // Less than half a nanosecond before a whole second.
  return nanoseconds === 1e9 ? { seconds: seconds + 1, nanoseconds: 0 } : { seconds, nanoseconds };
}
