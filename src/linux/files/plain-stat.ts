/** The stat of things that are no files on any file system: pipes, streams, devices. */
import type { Stat, Time } from '../tree/file-system.ts';

const epoch: Time = { seconds: 0, nanoseconds: 0 };

/** A stat with this mode and inode and nothing else of note. */
export function plainStat(mode: number, inode: number, specialDevice = 0): Stat {
  return {
    device: 1,
    inode,
    mode,
    links: 1,
    uid: 0,
    gid: 0,
    specialDevice,
    size: 0,
    blockSize: 4096,
    blocks: 0,
    accessed: epoch,
    modified: epoch,
    changed: epoch,
  };
}
