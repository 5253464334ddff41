/** A file opened with O_PATH: it names a place and can do nothing else. */
import { Errno, fail } from '../errno.ts';
import type { Stat } from '../tree/file-system.ts';
import { OpenFile } from './open-file.ts';

export class PathFile extends OpenFile {
  readonly #stat: () => Stat;

  constructor(path: string, flags: number, stat: () => Stat) {
    super(path, flags);
    this.#stat = stat;
  }

  stat(): Stat {
    return this.#stat();
  }

  override poll(): number {
    return 0;
  }

  override seek(): number {
    return fail(Errno.EBADF);
  }
}
