/**
 * The decoder's corners, checked by hand against the SDM (vol. 2A, chapters 2 and 3): prefixes, the 15-byte limit,
 * LOCK, addressing forms, targets, mandatory prefixes, VEX. Breadth is in objdump.test.ts and silicon.test.ts.
 */
import { describe, expect, test } from 'vitest';
import {
  createDecoder,
  type DecodeFault,
  type Instruction,
  printInstruction,
} from '../../../translator/decode/index.ts';
import { rows } from '../../../translator/isa/index.ts';
import { LOCK } from '../../../translator/isa/row.ts';
import { randomSequence, randomWords } from '../../support/objdump-sample.ts';

const decoder = createDecoder(rows);
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16));

function decode(hex: string, code32 = true, eip = 0x1000): Instruction | DecodeFault {
  return decoder.decode(bytesOf(hex), 0, eip, code32);
}

/** `text` for an instruction that takes all the bytes, `fault length` otherwise. */
function outcome(hex: string, code32 = true, eip = 0x1000): string {
  const result = decode(hex, code32, eip);
  if ('fault' in result) return `${result.fault} ${result.length}`;
  expect(result.length).toBe(bytesOf(hex).length);
  return printInstruction(result);
}

describe('prefixes', () => {
  test.each([
    ['the last segment override wins', '26 2e 64 8b 03', 'mov eax, dword [fs:ebx]'],
    ['an override of the default segment is none', '36 8b 45 00', 'mov eax, dword [ebp]'],
    ['the last of F2 and F3 wins', 'f2 f3 a4', 'rep movsb byte [es:edi], byte [esi]'],
    ['F3 before F2', 'f3 f2 a6', 'repne cmpsb byte [esi], byte [es:edi]'],
    ['REPE where ZF is tested', 'f3 ae', 'repe scasb al, byte [es:edi]'],
    ['66 twice is 66 once', '66 66 b8 34 12', 'mov ax, 0x1234'],
    ['67 twice is 67 once', '67 67 8b 00', 'mov eax, dword [bx+si]'],
    ['any order', '67 f0 26 66 01 07', 'lock add word [es:bx], ax'],
    ['F2 and F3 mean nothing to most instructions', 'f3 01 c8', 'rep add eax, ecx'],
    ['the destination of string instructions stays in ES', '2e a5', 'movsd dword [es:edi], dword [cs:esi]'],
    ['STOS has no overridable segment', '2e aa', 'stosb byte [es:edi], al'],
    ['an override for XLAT', '65 d7', 'xlatb byte [gs:ebx]'],
  ])('%s', (_, hex, text) => {
    expect(outcome(hex)).toBe(text);
  });

  test('do not leak into the next decoding, after a fault either', () => {
    expect(outcome('66 67 f0 f3 64 0f 0a')).toBe('ud 7');
    expect(outcome('8b 03')).toBe('mov eax, dword [ebx]');
    expect(decode('8b 03')).toMatchObject({
      lock: false,
      rep: 0,
      segmentOverride: -1,
      operandSize: 32,
      addressSize: 32,
    });
  });

  test('F2 and F3 that belong to the opcode are no repeat prefixes', () => {
    expect(decode('f3 0f b8 c1')).toMatchObject({ mnemonic: 'POPCNT', rep: 0 });
    expect(decode('f3 0f 1e c0')).toMatchObject({ mnemonic: 'NOP', rep: 0xf3 });
  });
});

describe('length', () => {
  const prefixed = (count: number, rest: string): string => `${'2e '.repeat(count)}${rest}`;
  test.each([
    [prefixed(14, '90'), 'nop'],
    [prefixed(15, '90'), 'gp 15'],
    [prefixed(30, '90'), 'gp 15'],
    [prefixed(13, 'b0 12'), 'mov al, 0x12'],
    [prefixed(14, 'b0 12'), 'gp 15'],
    [prefixed(4, '81 84 98 01 00 00 00 02 00 00 00'), 'add dword [cs:eax+ebx*4+0x1], 0x2'],
    [prefixed(5, '81 84 98 01 00 00 00 02 00 00 00'), 'gp 15'],
    // Too long comes before undefined, LOCK included.
    [`f0 ${prefixed(4, '81 84 98 01 00 00 00 02 00 00 00')}`, 'gp 15'],
    [`f0 ${prefixed(13, '90')}`, 'ud 15'],
    [prefixed(13, '0f 0a'), 'ud 15'],
    [prefixed(14, '0f 0a'), 'gp 15'],
  ])('%s', (hex, expected) => {
    expect(outcome(hex)).toBe(expected);
  });

  test('bytes that run out are told apart from 15 bytes without an end', () => {
    expect(outcome(prefixed(14, '').trim())).toBe('truncated 14');
    expect(outcome(prefixed(15, '').trim())).toBe('gp 15');
    expect(outcome('0f')).toBe('truncated 1');
    expect(outcome('8b')).toBe('truncated 1');
    expect(outcome('8b 84 98 00 00 00')).toBe('truncated 6');
    expect(outcome('0f 38')).toBe('truncated 2');
    expect(outcome('c4 e2 78')).toBe('truncated 3');
    expect(decoder.decode(new Uint8Array(4), 4, 0, true)).toEqual({ fault: 'truncated', length: 0 });
  });

  test('EIP advances modulo 64 KiB in 16-bit code', () => {
    expect(decode('90', false, 0xffff)).toMatchObject({ eip: 0xffff, next: 0 });
    expect(decode('90', true, 0xffff)).toMatchObject({ next: 0x10000 });
    expect(decode('90', true, -1)).toMatchObject({ next: 0 });
  });
});

describe('LOCK', () => {
  /** SDM vol. 2A, LOCK: the whole list, each with a memory destination. */
  // biome-ignore format: table
  const legal = new Map([
    ['ADD', '00 00'], ['ADC', '11 00'], ['AND', '80 20 01'], ['BTC', '0f bb 00'], ['BTR', '0f ba 30 01'],
    ['BTS', '0f ab 00'], ['CMPXCHG', '0f b1 00'], ['CMPXCHG8B', '0f c7 08'], ['DEC', 'fe 08'], ['INC', 'ff 00'],
    ['NEG', 'f7 18'], ['NOT', 'f6 10'], ['OR', '83 08 01'], ['SBB', '18 00'], ['SUB', '29 00'], ['XADD', '0f c0 00'],
    ['XCHG', '87 00'], ['XOR', '31 00'],
  ]);

  test.each([...legal])('is legal for %s with memory', (mnemonic, hex) => {
    expect(decode(`f0 ${hex}`)).toMatchObject({ mnemonic, lock: true });
  });

  test('is legal for nothing else', () => {
    const marked = rows.filter(({ attributes }) => (attributes & LOCK) !== 0).map(({ mnemonic }) => mnemonic);
    expect([...new Set(marked)].sort()).toEqual([...legal.keys()].sort());
  });

  test.each([
    ['a register destination', 'f0 01 c0'],
    ['a register destination of XCHG', 'f0 87 c0'],
    ['memory as source', 'f0 03 00'],
    ['CMP', 'f0 39 00'],
    ['CMP in a group with others', 'f0 83 38 01'],
    ['BT', 'f0 0f a3 00'],
    ['MOV', 'f0 89 00'],
    ['an accumulator form', 'f0 05 01 00 00 00'],
    ['no operands', 'f0 90'],
  ])('is undefined with %s', (_, hex) => {
    expect(outcome(hex)).toBe(`ud ${bytesOf(hex).length}`);
  });
});

describe('addresses', () => {
  test.each([
    ['8b 00', 'mov eax, dword [eax]'],
    ['8b 04 24', 'mov eax, dword [esp]'],
    ['8b 44 24 fc', 'mov eax, dword [esp-0x4]'],
    ['8b 05 78 56 34 12', 'mov eax, dword [0x12345678]'],
    ['8b 04 25 78 56 34 92', 'mov eax, dword [0x92345678]'],
    ['8b 04 2d 10 00 00 00', 'mov eax, dword [ebp*1+0x10]'],
    ['8b 04 65 10 00 00 00', 'mov eax, dword [0x10]'],
    ['8b 04 60', 'mov eax, dword [eax]'],
    ['8b 44 cd 80', 'mov eax, dword [ebp+ecx*8-0x80]'],
    ['3e 8b 45 00', 'mov eax, dword [ds:ebp]'],
    ['67 8b 06 34 92', 'mov eax, dword [0x9234]'],
    ['67 8b 42 ff', 'mov eax, dword [bp+si-0x1]'],
    ['67 8b 46 00', 'mov eax, dword [bp]'],
    ['67 8b 87 00 80', 'mov eax, dword [bx-0x8000]'],
    ['67 a0 34 92', 'mov al, byte [0x9234]'],
    ['64 a1 00 00 00 00', 'mov eax, dword [fs:0x0]'],
  ])('%s', (hex, text) => {
    expect(outcome(hex)).toBe(text);
  });

  test('default segments', () => {
    const segment = (hex: string): number => {
      const insn = decode(hex);
      const operand = 'fault' in insn ? undefined : insn.operands[1];
      return operand?.kind === 'memory' ? operand.segment : -1;
    };
    expect(segment('8b 03')).toBe(3);
    expect(segment('8b 45 00')).toBe(2); // [ebp]
    expect(segment('8b 04 2d 00 00 00 00')).toBe(3); // EBP as index does not count
    expect(segment('8b 04 24')).toBe(2); // [esp]
    expect(segment('67 8b 02')).toBe(2); // [bp+si]
    expect(segment('67 8b 06 00 00')).toBe(3); // disp16, not BP
    expect(segment('26 8b 04 24')).toBe(0);
  });

  test('widths of memory operands', () => {
    const width = (hex: string): number => {
      const insn = decode(hex);
      const operand = 'fault' in insn ? undefined : insn.operands.find(({ kind }) => kind === 'memory');
      return operand?.kind === 'memory' ? operand.size : -1;
    };
    expect(width('8d 00')).toBe(0); // LEA
    expect(width('0f b7 00')).toBe(16); // MOVZX r32, m16
    expect(width('c4 00')).toBe(48); // LES
    expect(width('66 c4 00')).toBe(32);
    expect(width('62 00')).toBe(64); // BOUND
    expect(width('8c 00')).toBe(16); // MOV m16, Sreg
    expect(width('0f 01 00')).toBe(48); // SGDT
    expect(width('d9 30')).toBe(28 * 8); // FNSTENV
    expect(width('66 dd 30')).toBe(94 * 8); // FNSAVE
    expect(width('0f ae 00')).toBe(512 * 8); // FXSAVE
  });
});

describe('immediates and targets', () => {
  test.each([
    ['6a ff', 'push 0xffffffff'],
    ['66 6a ff', 'push 0xffff'],
    ['83 c0 80', 'add eax, 0xffffff80'],
    ['80 c0 80', 'add al, 0x80'],
    ['c8 34 12 1f', 'enter 0x1234, 0x1f'],
    ['cd 80', 'int 0x80'],
    ['9a 78 56 34 12 cd ab', 'call 0xabcd:0x12345678'],
    ['66 ea 34 12 cd ab', 'jmp 0xabcd:0x1234'],
    ['d1 e0', 'shl eax, 0x1'],
    ['eb fe', 'jmp 0x1000'],
    ['e8 00 00 00 80', 'call 0x80001005'],
    ['e3 00', 'jecxz 0x1002'],
    ['67 e3 00', 'jcxz 0x1003'],
  ])('%s', (hex, text) => {
    expect(outcome(hex)).toBe(text);
  });

  test('targets are cut to the operand size', () => {
    expect(outcome('66 eb 00', true, 0x12340000)).toBe('jmp 0x3');
    expect(outcome('66 e9 ff ff', true, 0x12340000)).toBe('jmp 0x3');
    expect(outcome('66 0f 84 00 80', true, 0)).toBe('je 0x8005');
    expect(outcome('eb 7f', false, 0xfff0)).toBe('jmp 0x71');
    expect(outcome('66 e9 00 00 01 00', false, 0xfff0)).toBe('jmp 0x1fff6');
  });

  test('16-bit code', () => {
    expect(outcome('b8 34 12', false)).toBe('mov ax, 0x1234');
    expect(outcome('66 b8 78 56 34 12', false)).toBe('mov eax, 0x12345678');
    expect(outcome('67 8b 04 98', false)).toBe('mov ax, word [eax+ebx*4]');
    expect(outcome('98', false)).toBe('cbw');
    expect(outcome('66 98', false)).toBe('cwde');
    expect(outcome('60', false)).toBe('pusha');
  });
});

describe('opcodes that depend on more than their bytes', () => {
  test.each([
    ['90', 'nop'],
    ['f3 90', 'pause'],
    ['91', 'xchg ecx, eax'],
    ['0f 1f 84 00 00 00 00 00', 'nop dword [eax+eax]'],
    ['f3 0f 1e fb', 'endbr32'],
    ['0f 18 e0', 'nop eax'],
    ['0f 18 08', 'prefetcht0 byte [eax]'],
    ['f3 0f b8 c1', 'popcnt eax, ecx'],
    ['66 f3 0f b8 c1', 'popcnt ax, cx'],
    ['0f b8 c1', 'ud 2'],
    ['0f bc c1', 'bsf eax, ecx'],
    ['f3 0f bc c1', 'tzcnt eax, ecx'],
    ['f2 0f bc c1', 'repne bsf eax, ecx'],
    ['f3 0f bd c1', 'lzcnt eax, ecx'],
    ['0f 38 f0 01', 'movbe eax, dword [ecx]'],
    ['66 0f 38 f1 01', 'movbe word [ecx], ax'],
    ['0f 38 f0 c1', 'ud 4'],
    ['f3 0f 38 f0 01', 'ud 4'],
    ['f2 0f 38 f0 c1', 'crc32 eax, cl'],
    ['66 f2 0f 38 f1 c1', 'crc32 eax, cx'],
    ['f2 66 0f 38 f1 c1', 'crc32 eax, cx'],
    ['d6', 'salc'],
    ['82 c0 01', 'add al, 0x1'],
    ['f6 c8 01', 'test al, 0x1'],
    ['f7 08 01 00 00 00', 'test dword [eax], 0x1'],
    ['c1 f0 05', 'shl eax, 0x5'],
    ['f1', 'int1'],
    ['0f 0b', 'ud2'],
    ['0f b9 00', 'ud1 eax, dword [eax]'],
    ['0f 05', 'ud 2'],
    ['0f 34', 'sysenter'],
    ['8d c0', 'ud 2'],
    ['c4 c0', 'truncated 2'],
    ['62 c0', 'ud 2'],
    ['0f c7 c8', 'ud 3'],
    ['0f c7 f0', 'rdrand eax'],
    ['0f c7 30', 'vmptrld qword [eax]'],
    ['8e c8', 'ud 2'],
    ['8e 30', 'ud 2'],
    ['8c c8', 'mov eax, cs'],
    ['8f c8', 'ud 2'],
    ['fe d0', 'ud 2'],
    ['ff f8', 'ud 2'],
    ['ff d8', 'ud 2'],
    ['ff 18', 'call far fword [eax]'],
    ['0f 20 08', 'ud 3'],
    ['0f 20 05', 'mov ebp, cr0'],
    ['0f 21 f8', 'mov eax, dr7'],
    ['0f 24 c0', 'ud 2'],
    ['d9 d0', 'fnop'],
    ['d9 d1', 'ud 2'],
    ['66 0f 6f c1', 'movdqa xmm0, xmm1'],
    ['0f 6f c1', 'movq mm0, mm1'],
    ['66 f3 0f 6f c1', 'movdqu xmm0, xmm1'],
    ['0f 12 c1', 'movhlps xmm0, xmm1'],
    ['0f 12 01', 'movlps xmm0, qword [ecx]'],
    ['66 0f 12 c1', 'ud 4'],
    ['0f ae ef', 'lfence'],
    ['0f ae 28', 'xrstor [eax]'],
  ])('%s is %s', (hex, text) => {
    expect(outcome(hex)).toBe(text);
  });

  test('VEX: general registers', () => {
    expect(outcome('c4 e2 70 f2 c2')).toBe('andn eax, ecx, edx');
    expect(outcome('c4 e2 f0 f2 00')).toBe('andn eax, ecx, dword [eax]'); // W is ignored
    expect(outcome('c4 e2 30 f2 c2')).toBe('andn eax, ecx, edx'); // so is the top bit of vvvv
    expect(outcome('c4 e3 7b f0 c1 07')).toBe('rorx eax, ecx, 0x7');
    expect(outcome('c4 e2 74 f2 c2')).toBe('ud 4'); // L = 1
    expect(outcome('c4 e3 73 f0 c1 07')).toBe('ud 5'); // vvvv must be 1111 where it names nothing
    expect(outcome('66 c4 e2 70 f2 c2')).toMatch(/^ud /);
    expect(outcome('f0 c4 e2 70 f2 00')).toMatch(/^ud /);
    expect(outcome('64 c4 e2 70 f2 00')).toBe('andn eax, ecx, dword [fs:eax]');
    expect(outcome('c5 f8 77')).toBe('ud 3'); // VZEROUPPER has no row
  });

  test('VEX exists in protected mode only', () => {
    const bytes = bytesOf('c4 e2 70 f2 c2');
    expect(decoder.decode(bytes, 0, 0, false)).toEqual({ fault: 'ud', length: 2 });
    expect(decoder.decode(bytes, 0, 0, false, true)).toMatchObject({ mnemonic: 'ANDN', length: 5 });
    expect(decoder.decode(bytes, 0, 0, true, false)).toEqual({ fault: 'ud', length: 2 });
  });
});

describe('any bytes', () => {
  test('decode to at most 15 bytes, whatever follows, and to nothing less', () => {
    const next = randomWords(5);
    for (let count = 0; count < 20_000; count++) {
      const sequence = randomSequence(next);
      const code32 = (count & 1) === 0;
      const room = next() % 17;
      const given = sequence.subarray(0, room);
      const alone = decoder.decode(given, 0, 0, code32);
      expect(alone.length).toBeLessThanOrEqual(Math.min(15, room));
      // The same bytes deep inside a larger array, with others behind them once it is known what they are.
      const larger = new Uint8Array(96).map(() => next());
      larger.set(given, 11);
      const inside = decoder.decode(larger, 11, 0, code32);
      if ('fault' in alone && alone.fault === 'truncated') expect(alone.length).toBe(room);
      else expect(inside).toEqual(alone);
      if ('fault' in inside) continue;
      const whole = larger.slice(11, 11 + inside.length);
      expect(decoder.decode(whole, 0, 0, code32)).toEqual(inside);
      expect(decoder.decode(whole.subarray(0, -1), 0, 0, code32)).toEqual({
        fault: 'truncated',
        length: whole.length - 1,
      });
    }
  });
});
