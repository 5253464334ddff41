// Forms that work on the stack: PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE, with the stack aligned, unaligned,
// across pages, against its end and in read-only memory.
import { type CaseBuilder, littleEndian, REG } from '../builder.ts';
import { assemble, type FormSpec, immediate, modrmForms, type PlainSpec, plainForm, SIZES } from '../form.ts';

const family = 'stack';

/** Point ESP so that `bytes` bytes below it are pushed onto; two thirds of the cases keep the usual stack. */
function pushRoom(c: CaseBuilder, bytes: number): void {
  if (c.faulting || c.index % 3 === 0) c.regs[4] = c.place(bytes, 'rw') + bytes;
  else c.regs[4] = c.regs[4]! - c.random.below(64);
}

/** Point ESP at `bytes` bytes to pop, holding operand values unless told otherwise. */
function popRoom(c: CaseBuilder, bytes: number, contents?: readonly number[]): void {
  if (c.faulting || c.index % 3 === 0) c.regs[4] = c.place(bytes, 'r');
  else c.regs[4] = c.regs[4]! - c.random.below(64);
  const values = contents ?? Array.from({ length: Math.ceil(bytes / 4) }, () => littleEndian(c.value(), 32)).flat();
  if (!c.faulting) c.poke(c.regs[4]!, values.slice(0, bytes));
}

/** A fault leaves ESP alone; how much below it was written by then is the CPU's own affair. */
function pushedInPart(c: CaseBuilder, bytes: number): void {
  c.undefinedMemory.push({ la: c.regs[4]! - bytes, length: bytes });
}

type StackRow = Pick<PlainSpec, 'mnemonic' | 'operands' | 'opcode' | 'size'> & Partial<PlainSpec>;

function pushing(row: StackRow, bytes: number): FormSpec {
  return plainForm({
    ...{ family, cases: 100, faults: 20, ...row },
    undefinedOnFault: (c) => pushedInPart(c, bytes),
    rest(c) {
      pushRoom(c, bytes);
      return row.rest?.(c) ?? [];
    },
  });
}

function popping(row: StackRow, bytes: number, contents?: (c: CaseBuilder) => number[]): FormSpec {
  return plainForm({
    ...{ family, cases: 100, faults: 20, ...row },
    rest(c) {
      popRoom(c, bytes, contents?.(c));
      return row.rest?.(c) ?? [];
    },
  });
}

const SEGMENT_PUSHES: readonly (readonly [string, string])[] = [
  ['ES', '06'],
  ['CS', '0E'],
  ['SS', '16'],
  ['DS', '1E'],
  ['FS', '0F A0'],
  ['GS', '0F A8'],
];

/** PUSH of a segment register: the selector is the host's, so only ESP and faults count. With 32 bits AMD writes zeros
 *  above the selector, Intel leaves those two bytes of memory as they were. */
function pushSegment(operands: string, opcode: string, size: number): FormSpec {
  const bytes = size / 8;
  return pushing(
    { mnemonic: 'PUSH', operands, opcode, size, faults: 0, undefined: (c) => pushedInPart(c, bytes) },
    bytes,
  );
}

/** POP Ev in memory. An address over ESP is computed with the ESP that the pop leaves. */
function popMemory(size: number): FormSpec {
  const bytes = size / 8;
  return {
    form: { family, mnemonic: 'POP', operands: 'Ev', opcode: '8F /0', size, variant: 'mem' },
    cases: 120,
    faults: 16,
    build(c) {
      c.regs[4] = c.regs[4]! - c.random.below(64);
      c.pokeValue(c.regs[4]!, c.value(), size);
      c.regs[4] = c.regs[4]! + bytes;
      const start = size === 16 ? [0x66] : [];
      if (c.index % 3 === 0) {
        // [esp + disp8] and [esp + index * scale + disp8], which the general search does not come to.
        const index = c.pick([4, 4, 4, 0, 1]);
        const scale = c.random.below(4);
        const displacement = (c.random.next() << 24) >> 24;
        if (index !== 4) c.regs[index] = c.random.below(16);
        if (c.faulting) c.regs[4] = 0x10a080;
        assemble(c, start, [0x8f, 0x44, (scale << 6) | (index << 3) | REG.ESP, displacement & 0xff]);
      } else {
        const rm = c.memoryOperand(bytes, 'w');
        assemble(c, [...start, ...rm.prefixes], [0x8f, ...rm.bytes]);
      }
      c.regs[4] = c.regs[4]! - bytes;
    },
  };
}

/** ENTER: frame pointers are copied from the outer frame at EBP. A write at the final ESP must be possible, or it
 *  faults after all pushes. Source: SDM vol. 2A, ENTER. */
function enter(
  size: number,
  variant: string,
  levels: readonly number[],
  allocation: (c: CaseBuilder) => number,
): FormSpec {
  const bytes = size / 8;
  return {
    form: { family, mnemonic: 'ENTER', operands: 'Iw,Ib', opcode: 'C8', size, variant },
    cases: 100,
    faults: variant === 'deep' ? 24 : 0,
    mayFault: true,
    undefinedOnFault: (c) => pushedInPart(c, 32 * bytes),
    build(c) {
      const level = c.pick(levels);
      const copied = Math.max(0, (level & 31) - 1);
      const pushed = bytes * (1 + copied + ((level & 31) > 0 ? 1 : 0));
      pushRoom(c, pushed);
      if (copied > 0) {
        const lost = c.faulting && c.chance(8);
        const outer = lost ? c.place(copied * bytes, 'r') : 0x101800 + c.random.below(0x1000);
        c.regs[5] = outer + copied * bytes;
        for (let i = 0; i < copied && !lost; i++) c.pokeValue(outer + i * bytes, c.value(), size);
      }
      assemble(c, size === 16 ? [0x66] : [], [0xc8, ...littleEndian(allocation(c), 16), level]);
    },
  };
}

/** A flags image for POPF without TF, NT, AC, VM and ID, which would end the case or the recorder; IOPL and IF are in it
 *  because user mode must not be able to change them. */
function flagsImage(c: CaseBuilder): number[] {
  return littleEndian((c.random.next() & 0x1bed7) | (0x202 & c.random.next()), 32);
}

/** PUSH POP PUSHA POPA PUSHF POPF ENTER LEAVE, PUSH of segment registers. */
export function stackForms(): FormSpec[] {
  return SIZES.flatMap((size) => {
    const bytes = size / 8;
    const row = (mnemonic: string, operands: string, opcode: string): StackRow => ({
      mnemonic,
      operands,
      opcode,
      size,
    });
    return [
      pushing({ ...row('PUSH', 'Zv', '50+r'), plusReg: true, cases: 120 }, bytes),
      pushing({ ...row('PUSH', 'Iz', '68'), rest: immediate(size) }, bytes),
      pushing({ ...row('PUSH', 'Ibs', '6A'), rest: immediate(8) }, bytes),
      ...modrmForms({
        ...{ family, mnemonic: 'PUSH', operands: 'Ev', opcode: 'FF /6', size, access: 'r', cases: 120 },
        setup: (c) => pushRoom(c, c.faulting ? 0 : bytes),
      }),
      popping({ ...row('POP', 'Zv', '58+r'), plusReg: true, cases: 120 }, bytes),
      ...modrmForms({
        ...{ family, mnemonic: 'POP', operands: 'Ev', opcode: '8F /0', size, access: 'w', only: 'reg' },
        setup: (c) => popRoom(c, bytes),
      }),
      popMemory(size),
      ...SEGMENT_PUSHES.map(([operands, opcode]) => pushSegment(operands, opcode, size)),
      pushing(row('PUSHA/PUSHAD', '', '60'), bytes * 8),
      popping(
        {
          ...row('POPA/POPAD', '', '61'),
          // AMD has written the registers popped before the fault; nothing is lost, since a restart pops them again.
          undefinedOnFault: (c) => {
            for (const reg of [0, 1, 2, 3, 5, 6, 7]) c.undefinedRegs[reg] = -1;
          },
        },
        bytes * 8,
      ),
      pushing(row('PUSHF/PUSHFD', '', '9C'), bytes),
      popping(row('POPF/POPFD', '', '9D'), bytes, flagsImage),
      enter(size, 'flat', [0, 0x20, 0xe0], (c) => c.random.below(256)),
      enter(size, 'nested', [1, 1, 2, 3, 0x21, 0x42], (c) => c.random.below(256)),
      enter(size, 'deep', [4, 7, 16, 31, 0xff], (c) => c.random.below(256)),
      enter(size, 'allocating', [0, 1], (c) => c.random.below(0x10000)),
      plainForm({
        ...{ family, ...row('LEAVE', '', 'C9'), cases: 100, faults: 20 },
        rest(c) {
          const la = c.faulting || c.index % 3 === 0 ? c.place(bytes, 'r') : 0x108800 + c.random.below(64);
          c.regs[5] = la;
          if (!c.faulting) c.pokeValue(la, c.value(), size);
          return [];
        },
      }),
    ];
  });
}
