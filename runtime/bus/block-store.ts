/**
 * What a disk keeps: sectors of fixed size, from wherever the host has them (a file, an array, a network). A store may
 * answer at once or later; a drive is busy meanwhile.
 */
export interface BlockStore {
  /** Bytes in a sector: 512 for disks, 2048 for CDs. */
  readonly sectorBytes: number;
  readonly sectors: number;
  readonly isReadOnly: boolean;
  /**
   * Read whole sectors from `sector` on; the caller stays inside the store.
   * @throws when the host cannot (or rejects): the drive reports an uncorrectable error.
   */
  read(sector: number, into: Uint8Array): undefined | Promise<void>;
  write(sector: number, from: Uint8Array): undefined | Promise<void>;
  /** Bring what was written to where it survives the host's end. */
  flush?(): undefined | Promise<void>;
}

/**
 * Has a store do something, now or later.
 * @param waits is called when the answer comes later.
 * @param isWanted says, when it has come, whether the drive still waits for it: it may have been reset.
 */
export function awaitStore(
  work: () => undefined | Promise<void>,
  then: () => void,
  failed: () => void,
  waits: () => void,
  isWanted: () => boolean,
): void {
  let pending: undefined | Promise<void>;
  try {
    pending = work();
  } catch {
    failed();
    return;
  }
  if (!pending) {
    then();
    return;
  }
  waits();
  pending.then(
    () => isWanted() && then(),
    () => isWanted() && failed(),
  );
}
