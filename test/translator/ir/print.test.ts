// The text of IR: what a reader of explain and of the golden blocks sees.
import { expect, test } from 'vitest';
import { MODE_FLAT_USER32, MODE_PROTECTED } from '../../../runtime/abi/mode.ts';
import { createDecoder } from '../../../translator/decode/index.ts';
import { printBlock } from '../../../translator/ir/print.ts';
import { rows } from '../../../translator/isa/index.ts';
import { lift } from '../../../translator/lift.ts';
import { optimise } from '../../../translator/passes/index.ts';

const decoder = createDecoder(rows);

function text(hex: string, { mode = MODE_FLAT_USER32, optimised = false } = {}): string {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const { block } = lift(decoder, { bytes, offset: 0, end: bytes.length, mapping: 0, crossing: () => bytes }, 0, mode);
  if (optimised) optimise(block);
  return printBlock(block);
}

test('values are numbered as they are defined, constants stand where they are used', () => {
  expect(text('03 43 04 c3')).toBe(`00000000:
  %0 = get eax
  %1 = get ebx
  %2 = add %1, 4
  %3 = load32 [%2]
  %4 = add %0, %3
  set eax, %4
  flags add %0, %3, %4
00000003:
  %5 = get esp
  %6 = load32 [%5]
  %7 = add %5, 4
  set esp, %7
  indirect return %6
`);
});

test('numbers close up when a pass drops a node', () => {
  expect(text('b8 01 00 00 00 b8 ff ff 00 00 eb fe', { optimised: true })).toBe(`00000000:
00000005:
  set eax, 0xffff
0000000a:
  jump 0000000a
`);
});

test('partial registers, partial flags, conditions and segments by their names', () => {
  expect(text('d2 e4 64 88 27 75 00')).toMatchInlineSnapshot(`
    "00000000:
      %0 = get ah
      %1 = get ecx
      %2 = shl %0, %1
      %3 = sext8 %2
      %4 = shr %2, 8
      %5 = and %4, 1
      %6 = xor %0, %3
      set ah, %3
      %7 = and %1, 31
      flags given %5, %6, %3 when %7
    00000002:
      %8 = get edi
      %9 = get fs.base
      %10 = add %9, %8
      store8 [%10], %3
    00000005:
      %11 = get flag.res
      %12 = eq %11, 0
      %13 = ne %11, 0
      branch %13, 00000007, else 00000007
    "
  `);
});

test('a read-modify-write names the load that checked', () => {
  expect(text('ff 03 cd 80')).toMatchInlineSnapshot(`
    "00000000:
      %0 = get ebx
      %1 = modify32 [%0]
      %2 = add %1, 1
      store32 [%0], %2 after %1
      flags inc.of.res.aux %1, %1, %2
    00000002:
      vmm interrupt, 128 at 00000002 next 00000004
    "
  `);
});

test('segment bases and helper calls', () => {
  expect(text('f7 37 f3 a4', { mode: MODE_PROTECTED })).toMatchInlineSnapshot(`
    "00000000:
      %0 = get ebx
      %1 = zext16 %0
      %2 = get ds.base
      %3 = add %2, %1
      %4 = load16 [%3]
      %5 = zext16 %4
      %6 = get dx
      %7 = zext16 %6
      %8 = get ax
      %9 = zext16 %8
      %10 = call div16, %7, %9, %5
      %11 = get scratch
      set ax, %10
      set dx, %11
    00000002:
      %12 = call repMovs, 1, 16, 3
      branch %12, 00000004, else 00000002
    "
  `);
});
