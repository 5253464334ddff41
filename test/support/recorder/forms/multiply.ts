// Forms of multiplication, division (with #DE at the very edge of its range) and decimal adjustment.
import { type CaseBuilder, littleEndian } from '../builder.ts';
import { type FormSpec, immediate, modrmForms, plainForm, SIZES } from '../form.ts';
import { FLAG, STATUS_FLAGS } from '../memory-map.ts';

const family = 'multiply';
const { AF, CF, OF, PF, SF, ZF } = FLAG;

function multiply(): FormSpec[] {
  const common = { family, access: 'r', undefined: SF | ZF | AF | PF } as const;
  return [
    ...(['MUL', 'IMUL'] as const).flatMap((mnemonic, i) => [
      modrmForms({ ...common, mnemonic, operands: 'Eb', opcode: `F6 /${4 + i}`, size: 8 }),
      ...SIZES.map((size) => modrmForms({ ...common, mnemonic, operands: 'Ev', opcode: `F7 /${4 + i}`, size })),
    ]),
    ...SIZES.flatMap((size) => [
      modrmForms({ ...common, mnemonic: 'IMUL', operands: 'Gv,Ev', opcode: '0F AF', size }),
      modrmForms({
        ...{ ...common, mnemonic: 'IMUL', operands: 'Gv,Ev,Iz', opcode: '69', size },
        immediate: immediate(size),
      }),
      modrmForms({ ...common, mnemonic: 'IMUL', operands: 'Gv,Ev,Ib', opcode: '6B', size, immediate: immediate(8) }),
    ]),
  ].flat();
}

/** Choose a divisor and a dividend so that most quotients fit, and a good part lies within one of the edge of #DE. */
function chooseDivision(c: CaseBuilder, size: number, signed: boolean): number {
  if (c.chance(2)) return c.value();
  const wrap = (value: number): bigint =>
    signed ? BigInt.asIntN(size, BigInt(value)) : BigInt.asUintN(size, BigInt(value));
  const divisor = wrap(c.value());
  const limit = 1n << BigInt(signed ? size - 1 : size);
  const edge = BigInt(c.random.below(3) - 1);
  let quotient = wrap(c.value());
  if (c.chance(4)) quotient = signed && c.chance(8) ? -limit + edge : limit - 1n + edge;
  const magnitude = divisor < 0n ? -divisor : divisor;
  const rest = magnitude === 0n ? 0n : BigInt.asUintN(32, BigInt(c.value())) % magnitude;
  const product = quotient * divisor;
  const dividend = product + (product < 0n ? -rest : rest);
  const half = (value: bigint): number => Number(BigInt.asIntN(32, value));
  if (size === 8) c.pin(0, (c.regs[0]! & ~0xffff) | (half(dividend) & 0xffff));
  else if (size === 16) {
    c.pin(0, (c.regs[0]! & ~0xffff) | (half(dividend) & 0xffff));
    c.pin(2, (c.regs[2]! & ~0xffff) | (half(dividend >> 16n) & 0xffff));
  } else {
    c.pin(0, half(dividend));
    c.pin(2, half(dividend >> 32n));
  }
  return half(divisor);
}

function divide(mnemonic: string, digit: number): FormSpec[] {
  const signed = mnemonic === 'IDIV';
  return [8, ...SIZES].flatMap((size) => {
    let divisor = 0;
    return modrmForms({
      family,
      mnemonic,
      operands: size === 8 ? 'Eb' : 'Ev',
      opcode: `${size === 8 ? 'F6' : 'F7'} /${digit}`,
      size,
      access: 'r',
      cases: 140,
      undefined: STATUS_FLAGS,
      setup(c) {
        divisor = chooseDivision(c, size, signed);
        c.pinned |= 0b101;
        // Whichever register the ModRM byte takes, it should hold the divisor; AH to BH of byte forms as well.
        const both = size === 8 ? (divisor & 0xff) * 0x101 : divisor;
        for (const reg of [1, 3, 5, 6, 7]) c.regs[reg] = both;
        if (size === 8) c.regs[2] = both;
      },
      contents: () => littleEndian(divisor, size),
    });
  });
}

function decimal(): FormSpec[] {
  const common = { family, operands: '', size: 0, cases: 160 } as const;
  const adjust = { family, operands: 'Ib', size: 0, cases: 160, undefined: OF | AF | CF } as const;
  const base = (c: CaseBuilder): number[] => [c.index < 60 ? 10 : c.index < 66 ? 0 : c.random.below(256)];
  return [
    plainForm({ ...common, mnemonic: 'DAA', opcode: '27', undefined: OF }),
    plainForm({ ...common, mnemonic: 'DAS', opcode: '2F', undefined: OF }),
    plainForm({ ...common, mnemonic: 'AAA', opcode: '37', undefined: OF | SF | ZF | PF }),
    plainForm({ ...common, mnemonic: 'AAS', opcode: '3F', undefined: OF | SF | ZF | PF }),
    plainForm({ ...adjust, mnemonic: 'AAM', opcode: 'D4', rest: base }),
    plainForm({ ...adjust, mnemonic: 'AAD', opcode: 'D5', rest: base }),
  ];
}

/** MUL IMUL DIV IDIV DAA DAS AAA AAS AAM AAD. */
export function multiplyForms(): FormSpec[] {
  return [multiply(), divide('DIV', 6), divide('IDIV', 7), decimal()].flat();
}
