/**
 * The ACPI tables of the board: what its operating systems read to find interrupts, timers and the way to switch off.
 *
 * They are one block in which pointers count from its start. Firmware places it by a script that fw_cfg carries
 * (acpiFiles); without firmware the loader of the kernel places it itself (acpiImage).
 *
 * Source: ACPI specification 2.0, chapter 5; IA-PC HPET specification 1.0a, 3.2.4; QEMU's docs/specs and SeaBIOS for
 * the table loader's commands.
 */
import * as aml from './aml.ts';
import { ACPI_DISABLE, ACPI_ENABLE, PM_BASE, PM_TIMER, SLEEP_TYPE_OFF, SMI_COMMAND } from './power-management.ts';

export interface AcpiOptions {
  /** Where RAM below 4 GiB ends: from there to the I/O APIC is for PCI devices (u32). */
  readonly ramEnd: number;
  readonly hasHpet: boolean;
}

const LOCAL_APIC = 0xfee00000;
const IO_APIC = 0xfec00000;
const HPET = 0xfed00000;
const SCI_IRQ = 9;
const RESET_PORT = 0xcf9;
const RESET_VALUE = 6;
/** Level-triggered and active high, in a MADT override. */
const LEVEL_HIGH = 0x000d;
const HEADER_BYTES = 36;
const RSDP_BYTES = 20;

/** A block with pointers, as offsets of 32-bit words, and checksums to be filled when it has its place. */
interface Block {
  readonly bytes: Uint8Array;
  readonly pointers: readonly number[];
  readonly checksums: readonly { readonly at: number; readonly start: number; readonly length: number }[];
  readonly rsdt: number;
}

/** Little-endian fields: [value, bytes] pairs, or text. */
type Fields = readonly (readonly [value: number, bytes: number] | string)[];

function encode(fields: Fields): number[] {
  return fields.flatMap((field) =>
    typeof field === 'string'
      ? [...field].map((letter) => letter.charCodeAt(0))
      : Array.from({ length: field[1] }, (_, i) => Math.floor(field[0] / 256 ** i) & 0xff),
  );
}

/** A table with its header; the checksum comes later. */
function table(signature: string, revision: number, body: readonly number[]): number[] {
  const length = HEADER_BYTES + body.length;
  const header = encode([signature, [length, 4], [revision, 1], [0, 1], 'XLAT86', 'XLAT86PC', [1, 4], 'XL86', [1, 4]]);
  return [...header, ...body];
}

/** The devices that cannot be found otherwise, the interrupt wires of PCI, and how to switch off. */
function dsdt({ ramEnd }: AcpiOptions): number[] {
  const { name, device, method, integer, eisaId, path, resources, ioPorts, isaIrq } = aml;
  const isaDevice = (text: string, id: string, ...descriptors: readonly aml.Aml[]): aml.Aml =>
    device(text, name('_HID', eisaId(id)), name('_CRS', resources(...descriptors)));
  const serialPort = (uid: number, ...descriptors: readonly aml.Aml[]): aml.Aml =>
    device(
      `COM${uid}`,
      name('_HID', eisaId('PNP0501')),
      name('_UID', integer(uid)),
      name('_CRS', resources(...descriptors)),
    );
  // Each device further shifts the four wires by one; device 1 has INTA# on wire A.
  const wires = ['LNKA', 'LNKB', 'LNKC', 'LNKD'] as const;
  const routes = Array.from({ length: 31 * 4 }, (_, i) => {
    const slot = 1 + (i >> 2);
    const wire = wires[(slot - 1 + (i & 3)) & 3]!;
    return aml.package_(integer(slot * 0x10000 + 0xffff), integer(i & 3), path(wire), integer(0));
  });
  const host = device(
    'PCI0',
    name('_HID', eisaId('PNP0A03')),
    name('_ADR', integer(0)),
    name('_UID', integer(0)),
    name(
      '_CRS',
      resources(
        aml.busNumbers(0, 255),
        ioPorts(0xcf8, 8),
        aml.passedPorts(0, 0xcf7),
        aml.passedPorts(0xd00, 0xffff),
        aml.passedMemory(0xa0000, 0xbffff, true),
        aml.passedMemory(ramEnd, IO_APIC - 1),
      ),
    ),
    name('_PRT', aml.package_(...routes)),
    device(
      'ISA',
      name('_ADR', integer(0x00010000)),
      aml.pciRegion('PIRQ', 0x60, 4),
      aml.byteFields('PIRQ', 'PRQA', 'PRQB', 'PRQC', 'PRQD'),
      isaDevice('RTC', 'PNP0B00', ioPorts(0x70, 2), isaIrq(8)),
      isaDevice('KBD', 'PNP0303', ioPorts(0x60, 1), ioPorts(0x64, 1), isaIrq(1)),
      isaDevice('MOU', 'PNP0F13', isaIrq(12)),
      isaDevice('FDC0', 'PNP0700', ioPorts(0x3f2, 4), ioPorts(0x3f7, 1), isaIrq(6), aml.isaDma(2)),
      serialPort(1, ioPorts(0x3f8, 8), isaIrq(4)),
      serialPort(2, ioPorts(0x2f8, 8), isaIrq(3)),
    ),
  );
  const links = ['A', 'B', 'C', 'D'].map((letter, i) => link(`LNK${letter}`, i, `\\_SB.PCI0.ISA.PRQ${letter}`));
  const sleep = aml.package_(integer(SLEEP_TYPE_OFF), integer(SLEEP_TYPE_OFF), integer(0), integer(0));
  return table('DSDT', 1, [...aml.scope('\\_SB', host, ...links), ...name('\\_S5', sleep), ...method('\\_PIC', 1)]);
}

/** An interrupt wire of PCI that can be routed: its register holds the interrupt, or bit 7 while it is cut. */
function link(text: string, uid: number, register: string): aml.Aml {
  const { name, method, integer, path, local0, argument0 } = aml;
  const current = path('CURR');
  return aml.device(
    text,
    name('_HID', aml.eisaId('PNP0C0F')),
    name('_UID', integer(uid + 1)),
    name('_PRS', aml.resources(aml.sharedInterrupts(5, 10, 11))),
    name('BUF', aml.resources(aml.sharedInterrupts(0))),
    aml.createDwordField(path('BUF'), 5, 'CURR'),
    method(
      '_STA',
      0,
      aml.if_(aml.and(path(register), integer(0x80)), aml.return_(integer(9))),
      aml.return_(integer(11)),
    ),
    method('_DIS', 0, aml.or(path(register), integer(0x80), path(register))),
    method(
      '_CRS',
      0,
      aml.store(path(register), local0),
      aml.if_(aml.and(local0, integer(0x80)), aml.store(integer(0), local0)),
      aml.store(local0, current),
      aml.return_(path('BUF')),
    ),
    method('_SRS', 1, aml.createDwordField(argument0, 5, 'WANT'), aml.store(path('WANT'), path(register))),
  );
}

/** Fixed hardware. The pointers to FACS and DSDT are filled in by the caller. */
function fadt(facs: number, dsdtAt: number): number[] {
  const port = (address: number, bits: number): Fields => [
    [1, 1],
    [bits, 1],
    [0, 2],
    [address, 8],
  ];
  const none: Fields = [[0, 12]];
  // WBINVD works, C1 on all processors, no sleep button, no wake-up by the RTC, the reset register is there.
  const flags = 0x001 | 0x004 | 0x020 | 0x040 | 0x400;
  // There is a keyboard controller, there are devices on ISA.
  const bootArchitecture = 0x0003;
  const fields: Fields = [
    ...([
      [facs, 4],
      [dsdtAt, 4],
      [0, 1],
      [0, 1],
      [SCI_IRQ, 2],
    ] as const),
    ...([
      [SMI_COMMAND, 4],
      [ACPI_ENABLE, 1],
      [ACPI_DISABLE, 1],
      [0, 1],
      [0, 1],
    ] as const),
    ...([
      [PM_BASE, 4],
      [0, 4],
      [PM_BASE + 4, 4],
      [0, 4],
      [0, 4],
      [PM_BASE + PM_TIMER, 4],
      [0, 4],
      [0, 4],
    ] as const),
    ...([
      [4, 1],
      [2, 1],
      [0, 1],
      [4, 1],
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ] as const),
    // Latencies of C2 and C3 that say there are none; flush parameters; RTC: no alarm of day or month, century at 32h.
    ...([
      [0xfff, 2],
      [0xfff, 2],
      [0, 2],
      [0, 2],
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
      [0x32, 1],
    ] as const),
    ...([
      [bootArchitecture, 2],
      [0, 1],
      [flags, 4],
    ] as const),
    ...port(RESET_PORT, 8),
    ...([
      [RESET_VALUE, 1],
      [0, 3],
      [0, 8],
      [0, 8],
    ] as const),
    ...port(PM_BASE, 32),
    ...none,
    ...port(PM_BASE + 4, 16),
    ...none,
    ...none,
    ...port(PM_BASE + PM_TIMER, 32),
    ...none,
    ...none,
  ];
  return table('FACP', 3, encode(fields));
}

/** Interrupt controllers: one processor, one I/O APIC, the timer on its input 2, what is level-triggered. */
function madt(): number[] {
  const override = (irq: number, input: number, flags: number): Fields => [
    [2, 1],
    [10, 1],
    [0, 1],
    [irq, 1],
    [input, 4],
    [flags, 2],
  ];
  const fields: Fields = [
    ...([
      [LOCAL_APIC, 4],
      [1, 4],
    ] as const),
    ...([
      [0, 1],
      [8, 1],
      [0, 1],
      [0, 1],
      [1, 4],
    ] as const),
    ...([
      [1, 1],
      [12, 1],
      [0, 1],
      [0, 1],
      [IO_APIC, 4],
      [0, 4],
    ] as const),
    ...override(0, 2, 0),
    ...[5, 9, 10, 11].flatMap((irq) => override(irq, irq, LEVEL_HIGH)),
    // LINT1 of all processors is NMI.
    ...([
      [4, 1],
      [6, 1],
      [0xff, 1],
      [0, 2],
      [1, 1],
    ] as const),
  ];
  return table('APIC', 1, encode(fields));
}

function hpet(): number[] {
  return table(
    'HPET',
    1,
    encode([
      [0x8086a201, 4],
      [0, 4],
      [HPET, 8],
      [0, 1],
      [0, 2],
      [0, 1],
    ]),
  );
}

function build(options: AcpiOptions): Block {
  const bytes: number[] = [];
  const pointers: number[] = [];
  const checksums: { at: number; start: number; length: number }[] = [];
  const add = (content: readonly number[], alignment: number, hasChecksum: boolean): number => {
    while (bytes.length % alignment !== 0) bytes.push(0);
    const start = bytes.length;
    bytes.push(...content);
    if (hasChecksum) checksums.push({ at: start + 9, start, length: content.length });
    return start;
  };
  const facs = add(encode(['FACS', [64, 4], [0, 24], [1, 1], [0, 31]]), 64, false);
  const dsdtAt = add(dsdt(options), 8, true);
  const fadtAt = add(fadt(facs, dsdtAt), 8, true);
  pointers.push(fadtAt + HEADER_BYTES, fadtAt + HEADER_BYTES + 4);
  const roots = [fadtAt, add(madt(), 8, true)];
  if (options.hasHpet) roots.push(add(hpet(), 8, true));
  const rsdt = add(table('RSDT', 1, encode(roots.map((at) => [at, 4] as const))), 8, true);
  roots.forEach((_, i) => void pointers.push(rsdt + HEADER_BYTES + 4 * i));
  return { bytes: Uint8Array.from(bytes), pointers, checksums, rsdt };
}

const rsdp = (rsdt: number): Uint8Array => Uint8Array.from(encode(['RSD PTR ', [0, 1], 'XLAT86', [0, 1], [rsdt, 4]]));

function fillChecksum(bytes: Uint8Array, at: number, start: number, length: number): void {
  bytes[at] = 0;
  bytes[at] = -bytes.subarray(start, start + length).reduce((sum, byte) => sum + byte, 0);
}

/**
 * The tables for a machine without firmware.
 * @param pa where the block will lie: a multiple of 64.
 * @returns the block, and the root pointer, which goes to a multiple of 16 between E0000h and FFFFFh.
 */
export function acpiImage(options: AcpiOptions, pa: number): { tables: Uint8Array; rootPointer: Uint8Array } {
  const { bytes, pointers, checksums, rsdt } = build(options);
  const view = new DataView(bytes.buffer);
  for (const at of pointers) view.setUint32(at, view.getUint32(at, true) + pa, true);
  for (const { at, start, length } of checksums) fillChecksum(bytes, at, start, length);
  const rootPointer = rsdp(pa + rsdt);
  fillChecksum(rootPointer, 8, 0, RSDP_BYTES);
  return { tables: bytes, rootPointer };
}

const TABLES_FILE = 'etc/acpi/tables';
const ROOT_FILE = 'etc/acpi/rsdp';
/** Commands of the table loader, and the zones it allocates in. */
const ALLOCATE = 1;
const ADD_POINTER = 2;
const ADD_CHECKSUM = 3;
const ZONE_HIGH = 1;
const ZONE_LOW = 2;
const COMMAND_BYTES = 128;

/** Files for fw_cfg: the tables, and the script by which firmware places and completes them. */
export function acpiFiles(options: AcpiOptions): Map<string, Uint8Array> {
  const { bytes, pointers, checksums, rsdt } = build(options);
  const file = (text: string): string => text.padEnd(56, '\0');
  const commands: Fields[] = [
    [[ALLOCATE, 4], file(ROOT_FILE), [16, 4], [ZONE_LOW, 1]],
    [[ALLOCATE, 4], file(TABLES_FILE), [64, 4], [ZONE_HIGH, 1]],
    ...pointers.map((at): Fields => [[ADD_POINTER, 4], file(TABLES_FILE), file(TABLES_FILE), [at, 4], [4, 1]]),
    ...checksums.map(
      ({ at, start, length }): Fields => [[ADD_CHECKSUM, 4], file(TABLES_FILE), [at, 4], [start, 4], [length, 4]],
    ),
    [[ADD_POINTER, 4], file(ROOT_FILE), file(TABLES_FILE), [16, 4], [4, 1]],
    [[ADD_CHECKSUM, 4], file(ROOT_FILE), [8, 4], [0, 4], [RSDP_BYTES, 4]],
  ];
  const script = new Uint8Array(commands.length * COMMAND_BYTES);
  commands.forEach((fields, i) => void script.set(encode(fields), i * COMMAND_BYTES));
  return new Map([
    [TABLES_FILE, bytes],
    [ROOT_FILE, rsdp(rsdt)],
    ['etc/table-loader', script],
  ]);
}
