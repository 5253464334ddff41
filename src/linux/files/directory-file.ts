/** An open directory: a canonical guest path that `*at` calls start from, and the listing that getdents walks. */
import { Errno, fail } from '../errno.ts';
import type { DirectoryEntry, Stat, Time } from '../tree/file-system.ts';
import { OpenFile } from './open-file.ts';

/** What an open directory needs of the tree. */
export interface DirectoryTree {
  statCanonical(path: string): Stat;
  /** With `.` and `..`. */
  listCanonical(path: string): readonly DirectoryEntry[];
  setPermissionsCanonical(path: string, permissions: number): void;
  setOwnerCanonical(path: string, uid: number, gid: number): void;
  setTimesCanonical(path: string, accessed: Time | undefined, modified: Time | undefined): void;
}

export class DirectoryFile extends OpenFile {
  readonly #tree: DirectoryTree;
  #entries: readonly DirectoryEntry[] | undefined;
  #position = 0;

  constructor(path: string, flags: number, tree: DirectoryTree) {
    super(path, flags);
    this.#tree = tree;
  }

  stat(): Stat {
    return this.#tree.statCanonical(this.path);
  }

  override read(): number {
    return fail(Errno.EISDIR);
  }

  /** The entry at the position, if any; the listing is made when the first is asked for. */
  entry(): DirectoryEntry | undefined {
    this.#entries ??= this.#tree.listCanonical(this.path);
    return this.#entries[this.#position];
  }

  /** Position of the next entry: d_off of the one that `entry` returned. */
  get nextPosition(): number {
    return this.#position + 1;
  }

  /** Goes to the next entry. */
  advance(): void {
    this.#position++;
  }

  override seek(offset: number, whence: number): number {
    const position = whence === 0 ? offset : whence === 1 ? this.#position + offset : -1;
    if (position < 0) fail(Errno.EINVAL);
    if (position === 0) this.#entries = undefined;
    this.#position = position;
    return position;
  }

  override sync(): void {}

  override setPermissions(permissions: number): void {
    this.#tree.setPermissionsCanonical(this.path, permissions);
  }

  override setOwner(uid: number, gid: number): void {
    this.#tree.setOwnerCanonical(this.path, uid, gid);
  }

  override setTimes(accessed: Time | undefined, modified: Time | undefined): void {
    this.#tree.setTimesCanonical(this.path, accessed, modified);
  }
}
