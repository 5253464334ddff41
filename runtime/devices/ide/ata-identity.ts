/**
 * What drives say of themselves: the 256 words of IDENTIFY DEVICE and IDENTIFY PACKET DEVICE, and SMART's page.
 *
 * Source: ATA/ATAPI-6 (T13 1410D), 8.15, 8.16, 8.41.
 */
const IDENTITY_BYTES = 512;
const FIRMWARE = '1.0';
const DISK_MODEL = 'XLAT86 HARD DISK';
const CD_MODEL = 'XLAT86 CD-ROM';
/** The largest count of READ and WRITE MULTIPLE. */
const LARGEST_MULTIPLE = 16;
/** Transfer modes of SET FEATURES: bits 7:3. */
const MODE_MULTIWORD = 0x20;
const MODE_ULTRA = 0x40;

export interface DiskGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

interface DiskIdentity {
  readonly sectors: number;
  readonly native: DiskGeometry;
  readonly current: DiskGeometry;
  readonly multiple: number;
  readonly transferMode: number;
  readonly serial: string;
}

/** The 512 bytes of IDENTIFY DEVICE. */
export function identifyDisk({ sectors, native, current, multiple, transferMode, serial }: DiskIdentity): Uint8Array {
  const words = new Uint16Array(IDENTITY_BYTES / 2);
  const capacity = Math.min(current.cylinders * current.heads * current.sectors, sectors);
  const put = (first: number, ...values: readonly number[]): void => words.set(values, first);
  put(0, 0x0040, native.cylinders, 0, native.heads, native.sectors * 512, 512, native.sectors);
  putText(words, 10, 10, serial);
  put(20, 3, 512, 4);
  putText(words, 23, 4, FIRMWARE);
  putText(words, 27, 20, DISK_MODEL);
  put(47, 0x8000 | LARGEST_MULTIPLE, 1);
  put(49, 0x0f00, 0x4000, 0x0200, 0x0200, 0x0007); // LBA, DMA, IORDY; words 54–58, 64–70 and 88 are valid
  put(54, current.cylinders, current.heads, current.sectors, capacity, capacity >>> 16);
  put(59, multiple > 0 ? 0x0100 | multiple : 0);
  putWide(words, 60, 2, Math.min(sectors, 0x0fffffff));
  put(63, 0x0007 | selected(transferMode, MODE_MULTIWORD), 0x0003, 120, 120, 120, 120);
  put(80, 0x007e, 0); // ATA-1 to ATA-6
  put(82, 0x4021, 0x7400, 0x4000); // NOP, write cache, SMART; FLUSH CACHE (EXT), 48-bit addresses
  put(85, 0x0021, 0x3400, 0x4000, 0x003f | selected(transferMode, MODE_ULTRA));
  put(93, 0x600b);
  putWide(words, 100, 4, sectors);
  return bytesOf(words);
}

/** The 512 bytes of IDENTIFY PACKET DEVICE. */
export function identifyCd(transferMode: number, serial: string): Uint8Array {
  const words = new Uint16Array(IDENTITY_BYTES / 2);
  const put = (first: number, ...values: readonly number[]): void => words.set(values, first);
  put(0, 0x85c0); // packet device, CD-ROM, removable, DRQ within 50 µs without an interrupt, packets of 12 bytes
  putText(words, 10, 10, serial);
  put(20, 3, 512, 4);
  putText(words, 23, 4, FIRMWARE);
  putText(words, 27, 20, CD_MODEL);
  put(48, 1, 0x0f00, 0, 0x0200, 0x0200, 0x0006);
  put(63, 0x0007 | selected(transferMode, MODE_MULTIWORD), 0x0003, 120, 120, 120, 120);
  put(80, 0x003e, 0);
  put(82, 0x4210, 0x4000, 0x4000); // NOP, DEVICE RESET, PACKET
  put(85, 0x0210, 0, 0x4000, 0x003f | selected(transferMode, MODE_ULTRA));
  put(93, 0x600b);
  return bytesOf(words);
}

/** SMART READ DATA and thresholds: a valid page without attributes. */
export function smartData(): Uint8Array {
  const page = new Uint8Array(IDENTITY_BYTES);
  page[0] = 0x10;
  page[367] = 0x03; // attributes are saved, automatically too
  let sum = 0;
  for (const byte of page) sum += byte;
  page[511] = -sum;
  return page;
}

/** The bit of word 63 or 88 that says which mode is selected. */
function selected(transferMode: number, kind: number): number {
  return (transferMode & 0xf8) === kind ? 0x100 << (transferMode & 7) : 0;
}

/** ASCII, padded with spaces, the first character of two in bits 15:8. */
function putText(words: Uint16Array, first: number, count: number, text: string): void {
  const padded = text.padEnd(count * 2).slice(0, count * 2);
  for (let i = 0; i < count; i++) words[first + i] = (padded.charCodeAt(2 * i) << 8) | padded.charCodeAt(2 * i + 1);
}

/** A number of `count` words, the lowest first. */
function putWide(words: Uint16Array, first: number, count: number, value: number): void {
  for (let i = 0; i < count; i++) words[first + i] = Math.floor(value / 2 ** (16 * i)) % 65536;
}

function bytesOf(words: Uint16Array): Uint8Array {
  return new Uint8Array(words.buffer);
}
