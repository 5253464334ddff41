/**
 * Writes AML, the byte code in which ACPI tables describe devices. Each function gives the bytes of one term; the
 * names are ASL's.
 *
 * Source: ACPI specification 2.0, chapter 17 (AML) and section 6.4 (resource descriptors).
 */

/** Encoded terms. */
export type Aml = readonly number[];

const ascii = (text: string): Aml => [...text].map((letter) => letter.charCodeAt(0));
const bytes = (value: number, count: number): Aml =>
  Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** i) & 0xff);

/** A term preceded by its length, which counts itself. */
function sized(body: Aml): Aml {
  if (body.length + 1 < 0x40) return [body.length + 1, ...body];
  for (let extra = 1; ; extra++) {
    const length = body.length + 1 + extra;
    if (length < 2 ** (4 + 8 * extra)) return [(extra << 6) | (length & 15), ...bytes(length >> 4, extra), ...body];
  }
}

/** A path such as `\_SB.PCI0`: segments have one to four characters. */
export function path(text: string): Aml {
  const root = text.startsWith('\\') ? ascii('\\') : [];
  const segments = text.replace('\\', '').split('.').filter(Boolean);
  const encoded = segments.flatMap((segment) => ascii(segment.padEnd(4, '_')));
  if (segments.length === 0) return [...root, 0];
  if (segments.length === 1) return [...root, ...encoded];
  if (segments.length === 2) return [...root, 0x2e, ...encoded];
  return [...root, 0x2f, segments.length, ...encoded];
}

export function integer(value: number): Aml {
  if (value === 0 || value === 1) return [value];
  if (value < 0x100) return [0x0a, value];
  if (value < 0x10000) return [0x0b, ...bytes(value, 2)];
  return [0x0c, ...bytes(value, 4)];
}

/** A plug-and-play identifier such as PNP0A03, compressed. */
export function eisaId(text: string): Aml {
  const letters = [...text.slice(0, 3)].reduce((value, letter) => (value << 5) | (letter.charCodeAt(0) - 64), 0);
  const value = (letters << 16) | Number.parseInt(text.slice(3), 16);
  return [0x0c, value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export const name = (text: string, value: Aml): Aml => [0x08, ...path(text), ...value];
export const scope = (text: string, ...terms: readonly Aml[]): Aml => [
  0x10,
  ...sized([...path(text), ...terms.flat()]),
];
export const device = (text: string, ...terms: readonly Aml[]): Aml => [
  0x5b,
  0x82,
  ...sized([...path(text), ...terms.flat()]),
];
export const method = (text: string, args: number, ...terms: readonly Aml[]): Aml => [
  0x14,
  ...sized([...path(text), args, ...terms.flat()]),
];
export const package_ = (...elements: readonly Aml[]): Aml => [0x12, ...sized([elements.length, ...elements.flat()])];
const buffer = (content: Aml): Aml => [0x11, ...sized([...integer(content.length), ...content])];

/** A region of a device's PCI configuration space, and the byte-wide fields in it. */
export const pciRegion = (text: string, offset: number, length: number): Aml => [
  ...[0x5b, 0x80],
  ...path(text),
  0x02,
  ...integer(offset),
  ...integer(length),
];
export const byteFields = (region: string, ...fields: readonly string[]): Aml => [
  ...[0x5b, 0x81],
  ...sized([...path(region), 0x01, ...fields.flatMap((field) => [...path(field), 8])]),
];

export const argument0: Aml = [0x68];
export const local0: Aml = [0x60];
export const store = (value: Aml, target: Aml): Aml => [0x70, ...value, ...target];
export const and = (a: Aml, b: Aml, target: Aml = [0]): Aml => [0x7b, ...a, ...b, ...target];
export const or = (a: Aml, b: Aml, target: Aml = [0]): Aml => [0x7d, ...a, ...b, ...target];
export const if_ = (condition: Aml, ...terms: readonly Aml[]): Aml => [0xa0, ...sized([...condition, ...terms.flat()])];
export const return_ = (value: Aml): Aml => [0xa4, ...value];
export const createDwordField = (source: Aml, offset: number, field: string): Aml => [
  0x8a,
  ...source,
  ...integer(offset),
  ...path(field),
];

// Resource descriptors.

/** A buffer of descriptors with its end tag. */
export const resources = (...descriptors: readonly Aml[]): Aml => buffer([...descriptors.flat(), 0x79, 0]);
export const ioPorts = (first: number, count: number): Aml => [
  0x47,
  1,
  ...bytes(first, 2),
  ...bytes(first, 2),
  1,
  count,
];
/** Edge-triggered ISA interrupts. */
export const isaIrq = (irq: number): Aml => [0x22, ...bytes(1 << irq, 2)];
/** A channel of the ISA DMA controller, 8 bits wide, at its own speed. */
export const isaDma = (channel: number): Aml => [0x2a, 1 << channel, 0];
/** Interrupts that are level-triggered, active high and shared. */
export const sharedInterrupts = (...interrupts: readonly number[]): Aml => [
  0x89,
  ...bytes(2 + 4 * interrupts.length, 2),
  0x09,
  interrupts.length,
  ...interrupts.flatMap((interrupt) => bytes(interrupt, 4)),
];

/** Ranges that a bridge passes on; both ends are fixed. */
const range = (kind: number, flags: number, width: number, first: number, last: number): Aml => {
  const fields = [0, first, last, 0, last - first + 1].flatMap((value) => bytes(value, width));
  return [width === 2 ? 0x88 : 0x87, ...bytes(3 + fields.length, 2), kind, 0x0c, flags, ...fields];
};
export const busNumbers = (first: number, last: number): Aml => range(2, 0, 2, first, last);
export const passedPorts = (first: number, last: number): Aml => range(1, 3, 2, first, last);
/** @param cacheable frame buffers and the like; otherwise registers. */
export const passedMemory = (first: number, last: number, cacheable = false): Aml =>
  range(0, cacheable ? 3 : 1, 4, first, last);
