// The loop of a whole machine's processor: when interrupts are taken, what a shadow, TF and breakpoints do, what HLT
// waits for, and that both tiers agree on all of it to the instruction.
import { describe, expect, test } from 'vitest';
import { MODE_BREAKPOINT } from '../../../runtime/abi/mode.ts';
import {
  DR0,
  DR6,
  DR7,
  EAX,
  EBX,
  ECX,
  EDX,
  EFLAGS_IF,
  EFLAGS_SYSTEM,
  EIP,
  ESP,
  MODE,
} from '../../../runtime/abi/state.ts';
import type { Tier } from '../../../src/machine.ts';
import { DEVICE, ORIGIN, STACK, SystemBench } from '../../support/system-bench.ts';

const ISR = 0x2000;
const VECTOR = 0x40;

/** An interrupt routine that counts at 3000h, notes where it came from at 3002h, and returns. */
const countingRoutine = `
  2e ff 06 00 30        ; inc word cs:[3000h]
  55 89 e5              ; push bp; mov bp, sp
  50                    ; push ax
  8b 46 02              ; mov ax, [bp + 2]
  2e a3 02 30           ; mov cs:[3002h], ax
  58 5d cf              ; pop ax; pop bp; iret`;

const tiers: readonly Tier[] = ['0', '1', 'auto'];

function makeBench(tier: Tier, program: string, time = { perInstruction: 1 }): SystemBench {
  const bench = new SystemBench(tier, time, tier === 'auto' ? { hotThreshold: 20 } : {});
  bench.setVector(VECTOR, ISR);
  bench.place(ISR, countingRoutine);
  bench.place(ORIGIN, program);
  return bench;
}

const cameFrom = (bench: SystemBench): number => bench.word(0x3002);
const count = (bench: SystemBench): number => bench.word(0x3000);

describe.each(tiers)('tier %s', (tier) => {
  test('an interrupt lands on the instruction at which the time has come', () => {
    const bench = makeBench(tier, 'fb 40 43 eb fc'); // sti; L: inc ax; inc bx; jmp L
    bench.timer(VECTOR).arm(1000);
    bench.cpu.run(5000);
    expect(bench.taken).toEqual([1000]);
    // After 1000 instructions: STI and 333 turns of three.
    expect(cameFrom(bench)).toBe(ORIGIN + 1);
    expect(bench.cpu.cpu.retired).toBe(5000);
  });

  test('a periodic one lands at each of its times, whatever the code does', () => {
    // sti; L: inc ax; mov [bx], al; add bx, 3; and bx, 0fffh; or bh, 60h; test al, 4; jz L; nop; jmp L
    const bench = makeBench(tier, 'fb 40 88 07 83 c3 03 81 e3 ff 0f 80 cf 60 a8 04 74 f0 90 eb ed');
    bench.timer(VECTOR, 777).arm(777);
    bench.cpu.run(100_000);
    expect(bench.taken).toEqual(Array.from({ length: 128 }, (_, i) => (i + 1) * 777));
    expect(count(bench)).toBe(128);
  });

  test('STI: one more instruction runs first', () => {
    const bench = makeBench(tier, '40 fb 40 40 eb fe'); // inc ax; sti; inc ax; inc ax; jmp $
    bench.vector = VECTOR;
    bench.cpu.run(20);
    expect(cameFrom(bench)).toBe(ORIGIN + 3);
  });

  test('STI while interrupts are on delays nothing', () => {
    const bench = makeBench(tier, 'fb 90 e6 80 fb 40 eb fe'); // sti; nop; out 80h, al; sti; inc ax; jmp $
    bench.ports.claim(0x80, 1, {
      write8: () => {
        bench.vector = VECTOR;
      },
    });
    bench.cpu.run(30);
    expect(cameFrom(bench)).toBe(ORIGIN + 4);
  });

  test('STI, CLI: the interrupt waits', () => {
    const bench = makeBench(tier, 'fb fa 40 40 fb 90 90 eb fe'); // sti; cli; inc ax; inc ax; sti; nop; nop; jmp $
    bench.vector = VECTOR;
    bench.cpu.run(30);
    expect(cameFrom(bench)).toBe(ORIGIN + 6);
  });

  test('MOV SS and POP SS: one more instruction runs first', () => {
    // mov bx, ss; sti; nop; mov ss, bx; mov sp, 7000h; inc ax; jmp $
    const bench = makeBench(tier, '8c d3 fb 90 8e d3 bc 00 70 40 eb fe');
    bench.clock
      .timer(() => {
        bench.vector = VECTOR;
      })
      .arm(4);
    bench.cpu.run(30);
    expect(cameFrom(bench)).toBe(ORIGIN + 9);
    expect(bench.S[ESP]).toBe(0x7000);
    const other = makeBench(tier, '8c d3 fb 53 17 bc 00 70 40 eb fe'); // …; push bx; pop ss; mov sp, 7000h; inc ax
    other.clock
      .timer(() => {
        other.vector = VECTOR;
      })
      .arm(4);
    other.cpu.run(30);
    expect(cameFrom(other)).toBe(ORIGIN + 8);
  });

  test('POPF and IRET that set IF let it in at once', () => {
    const bench = makeBench(tier, '68 00 02 9d 40 40 eb fe'); // push 200h; popf; inc ax; inc ax; jmp $
    bench.vector = VECTOR;
    bench.cpu.run(30);
    expect(cameFrom(bench)).toBe(ORIGIN + 4);
    const other = makeBench(tier, '68 00 02 0e 68 0b 10 cf 90 90 90 40 40 eb fe'); // push 200h; push cs; push 100bh; iret
    other.vector = VECTOR;
    other.cpu.run(30);
    expect(cameFrom(other)).toBe(ORIGIN + 11);
  });

  test('a device that raises the line in a port write is heard right after it', () => {
    const bench = makeBench(tier, 'fb 90 e6 80 40 40 40 eb fe'); // sti; nop; out 80h, al; inc ax…
    bench.ports.claim(0x80, 1, {
      write8: () => {
        bench.vector = VECTOR;
      },
    });
    bench.cpu.run(30);
    expect(cameFrom(bench)).toBe(ORIGIN + 4);
  });

  test('and so is one that does in a memory access, even in a loop that is compiled', () => {
    // mov ax, 0a000h; mov ds, ax; sti; L: inc ax; mov [bx], al; inc cx; jmp L
    const bench = makeBench(tier, 'b8 00 a0 8e d8 fb 40 88 07 41 eb fa');
    let writes = 0;
    const times: number[] = [];
    bench.onDeviceWrite = () => {
      times.push(bench.clock.now);
      if (++writes === 200) bench.vector = VECTOR;
    };
    bench.cpu.run(2000);
    expect(cameFrom(bench)).toBe(ORIGIN + 9);
    expect(bench.taken).toEqual([times[199]! + 1]);
    expect(times.slice(0, 3)).toEqual([4, 8, 12]);
  });

  test('time is exact at a device and in RDTSC', () => {
    // mov ax, 0a000h; mov ds, ax; nop; mov al, [bx]; nop; rdtsc; nop; nop; hlt
    const bench = makeBench(tier, 'b8 00 a0 8e d8 90 8a 07 90 0f 31 90 90 f4');
    const times: number[] = [];
    bench.deviceValue = () => {
      times.push(bench.clock.now);
      return 0;
    };
    expect(bench.cpu.run(100)).toEqual({ kind: 'halted' });
    expect(times).toEqual([3]);
    expect(bench.S[EAX]).toBe(6);
    expect(bench.S[EDX]).toBe(0);
  });

  test('HLT: virtual time goes to the next deadline at once', () => {
    const bench = makeBench(tier, 'fb f4 40 f4 40 f4'); // sti; hlt; inc ax; hlt; inc ax; hlt
    bench.timer(VECTOR).arm(1_000_000);
    const stop = bench.cpu.run(1000);
    expect(stop).toEqual({ kind: 'idle', until: Number.POSITIVE_INFINITY });
    expect(bench.taken).toEqual([1_000_000]);
    expect(bench.S[EAX]! & 0xffff).toBe(1);
    bench.vector = VECTOR;
    bench.cpu.run(1000);
    expect(bench.S[EAX]! & 0xffff).toBe(2);
  });

  test('HLT with interrupts off stops for good, unless an NMI comes', () => {
    const bench = makeBench(tier, 'f4 40 f4'); // hlt; inc ax; hlt
    bench.setVector(2, ISR);
    bench.vector = VECTOR;
    expect(bench.cpu.run(100)).toEqual({ kind: 'halted' });
    bench.cpu.raiseNmi();
    expect(bench.cpu.run(100)).toEqual({ kind: 'halted' });
    expect(bench.S[EAX]! & 0xffff).toBe(1);
  });

  test('a second NMI waits for the IRET of the first', () => {
    const bench = makeBench(tier, '40 eb fd'); // inc ax; jmp $
    bench.setVector(2, 0x2800);
    bench.place(0x2800, '2e ff 06 00 30 e6 80 90 90 90 90 cf'); // inc word cs:[3000h]; out 80h, al; nop…; iret
    let depth = 0;
    bench.ports.claim(0x80, 1, {
      write8: () => {
        depth = Math.max(depth, (STACK - bench.S[ESP]!) / 6);
        if (count(bench) === 1) bench.cpu.raiseNmi();
      },
    });
    bench.cpu.raiseNmi();
    bench.cpu.run(200);
    expect([count(bench), depth]).toEqual([2, 1]);
  });

  test('an earlier deadline that appears mid-slice is kept', () => {
    const bench = makeBench(tier, 'fb e6 80 40 eb fd'); // sti; out 80h, al; L: inc ax; jmp L
    const far = bench.timer(VECTOR);
    far.arm(50_000);
    const near = bench.timer(VECTOR);
    bench.ports.claim(0x80, 1, { write8: () => near.arm(bench.clock.now + 100) });
    bench.cpu.run(1000);
    expect(bench.taken).toEqual([102]);
  });

  test('a stop that is asked for by a device comes right after the access', () => {
    const bench = makeBench(tier, '40 e6 80 40 40 eb fe');
    bench.ports.claim(0x80, 1, { write8: () => bench.cpu.requestStop() });
    expect(bench.cpu.run(1000)).toEqual({ kind: 'stopped' });
    expect(bench.S[EIP]).toBe(ORIGIN + 3);
  });

  test('TF: a trap after each instruction, none after INT, after MOV SS only with the next', () => {
    // push 100h; popf; inc ax; mov bx, ss; mov ss, bx; inc ax; int 41h; inc ax; push 0; popf; jmp $
    const bench = makeBench(tier, '68 00 01 9d 40 8c d3 8e d3 40 cd 41 40 6a 00 9d eb fe');
    bench.setVector(1, 0x2800);
    bench.setVector(0x41, 0x2900);
    bench.place(0x2900, 'cf');
    // push bp; mov bp, sp; push ax; push bx; mov ax, [bp + 2]; mov bx, cs:[3000h]; mov cs:[bx + 3100h], ax; add word cs:[3000h], 2; pop…
    bench.place(0x2800, '55 89 e5 50 53 8b 46 02 2e 8b 1e 00 30 2e 89 87 00 31 2e 83 06 00 30 02 5b 58 5d cf');
    bench.cpu.run(300);
    const traps = Array.from({ length: count(bench) / 2 }, (_, i) => bench.word(0x3100 + 2 * i) - ORIGIN);
    // The POPF that sets TF makes none itself; the one that clears it does.
    expect(traps).toEqual([5, 7, 10, 13, 15, 16]);
    expect(bench.S[DR6]! & 0x4000).toBe(0x4000);
  });

  test('an instruction breakpoint is a fault before it, and RF lets it pass', () => {
    const bench = makeBench(tier, '40 43 41 eb fb'); // L: inc ax; inc bx; inc cx; jmp L
    bench.setVector(1, ISR);
    bench.S[DR0] = ORIGIN + 1;
    bench.S[DR7] = 0x401;
    bench.S[MODE]! |= MODE_BREAKPOINT;
    bench.place(ISR, 'f4'); // hlt
    expect(bench.cpu.run(100)).toEqual({ kind: 'halted' });
    expect([bench.S[EAX], bench.S[EBX], bench.S[ECX]].map((word) => word! & 0xffff)).toEqual([1, 0, 0]);
    expect(bench.word(STACK - 6)).toBe(ORIGIN + 1);
    expect(bench.S[DR6]! & 15).toBe(1);
  });

  test('a data breakpoint is a trap after the access, at its bytes alone', () => {
    // mov [5000h], al; mov [5004h], ax; mov al, [5002h]; mov [5001h], ax; nop; hlt
    const bench = makeBench(tier, 'a2 00 50 a3 04 50 a0 02 50 a3 01 50 90 f4');
    bench.setVector(1, ISR);
    bench.place(ISR, 'f4');
    bench.S[DR0] = 0x5002;
    // Writes of two bytes: RW0 1, LEN0 1.
    bench.S[DR7] = 0x50401;
    bench.S[MODE]! |= MODE_BREAKPOINT;
    bench.cpu.cpu.memory.flush(false);
    expect(bench.cpu.run(100)).toEqual({ kind: 'halted' });
    expect(bench.word(STACK - 6)).toBe(ORIGIN + 12);
    expect(bench.S[DR6]! & 0x400f).toBe(1);
    const reads = makeBench(tier, 'bf 00 50 b9 09 00 fc f3 ae 90 f4'); // mov di, 5000h; mov cx, 9; cld; repne scasb…
    reads.setVector(1, ISR);
    reads.place(ISR, 'f4');
    reads.S[DR0 + 3] = 0x5004;
    reads.S[DR7] = 0x30000480 | 0;
    reads.S[MODE]! |= MODE_BREAKPOINT;
    reads.cpu.cpu.memory.flush(false);
    expect(reads.cpu.run(100)).toEqual({ kind: 'halted' });
    expect(reads.S[DR6]! & 0x400f).toBe(8);
  });

  test('a fault that cannot be delivered ends it, and says where it began', () => {
    const bench = makeBench(tier, '0f 01 1e 00 40 90 cd 10'); // lidt [4000h]; nop; int 10h
    bench.place(0x4000, '0000 00000000');
    expect(bench.cpu.run(100)).toMatchObject({ kind: 'shutdown', selector: 0, eip: ORIGIN + 6 });
    expect(bench.cpu.run(100)).toMatchObject({ kind: 'shutdown' });
  });

  test('DMA over a loop that runs changes what it does', () => {
    // L: inc ax; cmp ax, 500; jne M; out 80h, al; M: jmp L — the write makes INC BX of INC AX
    const bench = makeBench(tier, '40 3d f4 01 75 02 e6 80 eb f6');
    bench.ports.claim(0x80, 1, { write8: () => bench.place(ORIGIN, '43') });
    bench.cpu.run(10_000);
    expect(bench.S[EAX]! & 0xffff).toBe(500);
    expect(bench.S[EBX]! & 0xffff).toBeGreaterThan(1000);
  });

  test('code runs from a device, and back', () => {
    const bench = makeBench(tier, 'ea 00 00 00 a0 40 f4'); // jmp a000:0; inc ax; hlt
    const code = Buffer.from('4343ea05100000', 'hex'); // inc bx; inc bx; jmp 0:1005
    bench.deviceValue = (pa) => code[pa - DEVICE] ?? 0;
    expect(bench.cpu.run(100)).toEqual({ kind: 'halted' });
    expect([bench.S[EAX], bench.S[EBX]]).toEqual([1, 2]);
  });

  test('with A20 off code and data wrap at 1 MiB', () => {
    // mov ax, 0ffffh; mov ds, ax; mov al, [10h + 3000h]; out 92h… is the board's: here the bus does it
    const bench = makeBench(tier, 'b8 ff ff 8e d8 8a 1e 10 40 e6 80 8a 3e 10 40 f4');
    bench.bus.write8(0x4000, 0x11);
    bench.bus.write8(0x104000, 0x22);
    bench.ports.claim(0x80, 1, { write8: () => bench.bus.setA20(false) });
    bench.cpu.run(100);
    expect(bench.S[EBX]).toBe(0x1122);
  });
});

test('both tiers and any mix leave the same machine after any number of instructions', () => {
  const program = `
    fb                    ; sti
    40 88 07              ; L: inc ax; mov [bx], al
    83 c3 03 81 e3 ff 0f  ; add bx, 3; and bx, 0fffh
    80 cf 60              ; or bh, 60h
    a8 04 74 f0           ; test al, 4; jz L
    0f 31                 ; rdtsc
    e4 80                 ; in al, 80h
    f3 aa                 ; rep stosb
    b9 05 00              ; mov cx, 5
    eb e5                 ; jmp L`;
  const outcomes = tiers.map((tier) => {
    const bench = makeBench(tier, program, { perInstruction: 3 });
    bench.S[7] = 0x7000;
    bench.timer(VECTOR, 997).arm(997);
    const { S } = bench;
    let reads = 0;
    bench.ports.claim(0x80, 1, {
      read8: () => {
        reads++;
        return (bench.clock.now >> 2) & 0xff;
      },
    });
    for (const instructions of [1, 2, 3, 50, 1000, 20_000, 7]) bench.cpu.run(instructions);
    return { state: [...S.subarray(0, 64)], retired: bench.cpu.cpu.retired, taken: bench.taken, reads };
  });
  expect(outcomes[0]!.retired).toBe(21_063);
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[2]).toEqual(outcomes[0]);
  expect((outcomes[0]!.state[EFLAGS_SYSTEM]! & EFLAGS_IF) !== 0).toBe(true);
});

test('under the host’s clock an idle machine says until when it may sleep', () => {
  let now = 0;
  const bench = new SystemBench('auto', { host: () => now });
  bench.setVector(VECTOR, ISR);
  bench.place(ISR, countingRoutine);
  bench.place(ORIGIN, 'fb f4 eb fd'); // sti; L: hlt; jmp L
  bench.timer(VECTOR).arm(5000);
  expect(bench.cpu.run(1000)).toEqual({ kind: 'idle', until: 5000 });
  now = 5100;
  expect(bench.cpu.run(1000)).toEqual({ kind: 'idle', until: Number.POSITIVE_INFINITY });
  expect(count(bench)).toBe(1);
  // A line that is raised from outside wakes it.
  bench.vector = VECTOR;
  bench.cpu.run(1000);
  expect(count(bench)).toBe(2);
});
