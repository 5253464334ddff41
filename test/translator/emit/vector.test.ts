// What tier 1 holds in JavaScript doubles keeps every bit, once V8 has optimised it too: a signalling NaN through loads,
// moves and stores of a loop that runs hot, as doubles and as whole registers.
import { expect, test } from 'vitest';
import { baseImage, LockstepMachine } from '../../support/lockstep.ts';
import { randomWords } from '../../support/objdump-sample.ts';

const ROUNDS = 400_000;
const SOURCE = 0x101200;
const TARGET = 0x101300;

test.each([
  ['movsd', 'f20f1006 660f28c8 f20f110f', 2],
  ['movapd', '660f2806 660f28c8 660f290f', 4],
  ['movups', '0f1006 0f28c8 0f110f', 4],
])('signalling NaNs pass through %s', (_name, body, words) => {
  const code = Buffer.from(body.replaceAll(' ', ''), 'hex');
  // dec ecx; jnz; int3
  const bytes = Buffer.concat([code, Buffer.from([0x49, 0x75, -(code.length + 3) & 0xff, 0xcc])]);
  const machine = new LockstepMachine('auto', 'auto', baseImage(randomWords(1)));
  const regs = Int32Array.of(0, ROUNDS, 0, 0, 0x109f00, 0, SOURCE, TARGET);
  machine.load({ bytes, offset: 0x100, regs, eflags: 0x202, bits: 32, slices: [] });
  const { memory } = machine.cpu;
  const image = [0x12345678, 0x7ff12345, 0x9abcdef0 | 0, 0xfff00001 | 0];
  for (const [i, word] of image.entries()) memory.write32(SOURCE + 4 * i, word);
  expect(machine.run(2 ** 31 - 1).kind).toBe('fault');
  const moved = image.map((_word, i) => memory.read32(TARGET + 4 * i));
  expect(moved.slice(0, words)).toEqual(image.slice(0, words));
});
