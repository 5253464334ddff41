// A region over several pages after a flush of the TLB, as at each task switch: it runs on as a region, also when control
// does not get to all of its pages.
import { expect, test } from 'vitest';
import { EAX, ECX } from '../../../runtime/abi/state.ts';
import { ORIGIN, SystemBench } from '../../support/system-bench.ts';

test('a flush does not send a loop to tier 0 for good', () => {
  const bench = new SystemBench('auto', { perInstruction: 1 }, { hotThreshold: 20 });
  // mov cx, [5000h]; L: dec cx; jz M (on the next page); N: inc ax; jmp L      M: mov cx, [5000h]; jmp N
  bench.place(ORIGIN, '8b 0e 00 50  49 0f 84 f7 0f  40 eb f8');
  bench.place(ORIGIN + 0x1000, '8b 0e 00 50 e9 02 f0');
  bench.bus.write16(0x5000, 3);
  bench.cpu.run(10_000);
  bench.bus.write16(0x5000, 60_000);
  bench.cpu.run(100);
  const { cache } = bench.cpu.cpu;
  const compiled = (): number => cache.statistics.compiledInstructions;
  for (let round = 0; round < 20; round++) {
    bench.cpu.cpu.memory.flush(false);
    const before = compiled();
    bench.cpu.run(300);
    expect(compiled() - before).toBeGreaterThan(200);
  }
  expect(bench.S[EAX]! & 0xffff).toBeGreaterThan(0);
  expect(bench.S[ECX]! & 0xffff).toBeGreaterThan(0);
});
