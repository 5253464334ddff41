// Archives in the "newc" format of cpio, which Linux unpacks as its first file system.
// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.

/** A file, directory or device. `name` has no leading slash; parents come before what they contain. */
export interface CpioEntry {
  readonly name: string;
  /** Type and permissions, as st_mode has them. */
  readonly mode: number;
  readonly bytes?: Uint8Array;
  /** Number of a device. */
  readonly major?: number;
  readonly minor?: number;
}

const TRAILER: CpioEntry = { name: 'TRAILER!!!', mode: 0 };
const ALIGNMENT = 4;

/** The archive. Owner is root and all times are 0, so that equal entries make equal bytes. */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  return Buffer.concat([...entries, TRAILER].flatMap((entry, index) => record(entry, index + 1)));
}

function record(entry: CpioEntry, inode: number): Uint8Array[] {
  const { name, mode, bytes = new Uint8Array(), major = 0, minor = 0 } = entry;
  const links = (mode & 0o170000) === 0o040000 ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, bytes.length, 0, 0, major, minor, name.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return [padded(Buffer.from(header, 'latin1')), padded(bytes)];
}

function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes], Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT);
}
