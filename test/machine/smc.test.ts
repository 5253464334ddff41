// Self-modifying code: what runs is what memory holds when an instruction begins, in every tier. The bytes are assembled
// by hand; code lies at 8000h (and again at 208000h), on two pages that are writable. Each program ends with INT3.
import { describe, expect, test } from 'vitest';
import { EAX, EBX, ECX, EDI, EDX, EIP, ESI } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import type { Stop } from '../../runtime/exec/stop.ts';
import type { Policy, Tier } from '../../src/machine.ts';
import { CODE, CODE_ALIAS, LockstepMachine, type Program } from '../support/lockstep.ts';

const image = new Uint8Array(10 << 12).fill(0xcc, 0, 0x2000);

interface Kind {
  readonly name: string;
  readonly tier: Tier;
  readonly policy: Partial<Policy>;
  /** Pages lie at their own addresses, and regions test the line table. */
  readonly own?: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'tier 0', tier: '0', policy: {} },
  { name: 'tier 1', tier: '1', policy: {} },
  { name: 'the mix', tier: 'auto', policy: { hotThreshold: 3 } },
  { name: 'tier 1, line table', tier: '1', policy: {}, own: true },
  { name: 'the mix, line table', tier: 'auto', policy: { hotThreshold: 3 }, own: true },
];

/** Bytes of `hex`, laid out at `offset` of the code pages. */
function program(hex: string, offset = 0): Program {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(/;[^\n]*|\s/g, ''), 'hex'));
  return { bytes, offset, regs: new Int32Array([0, 0, 0, 0, 0x109f00, 0, 0, 0]), eflags: 0x202, bits: 32, slices: [] };
}

describe.each(kinds)('$name', ({ name, tier, policy, own }) => {
  const machine = new LockstepMachine(name, tier, image, policy, own);
  const { state } = machine.cpu;

  /** Run to the INT3 and give EAX. */
  const run = (hex: string, offset = 0): number => {
    machine.load(program(hex, offset));
    return resume();
  };
  /** The host writes a byte of physical memory. */
  const poke = (pa: number, byte: number): void => {
    const page = machine.page(pa >>> 12);
    machine.cpu.memory.invalidateCode(page.byteOffset + (pa & 4095), 1);
    page[pa & 4095] = byte;
  };
  const resume = (): number => {
    const stop: Stop = machine.cpu.run(100_000);
    expect(stop).toMatchObject({ kind: 'fault', vector: Vector.BP });
    return state[EAX]!;
  };

  test('a store changes the next instruction', () => {
    // The immediate of the MOV behind the store, in the same block.
    expect(run('c605 08800000 07  b8 01000000 cc')).toBe(7);
  });

  test('a store changes a later instruction of the same block, between other instructions', () => {
    const code = `
      41                      ; 8000 inc ecx
      c605 0e800000 48        ; 8001 mov byte [800e], 48h: inc eax becomes dec eax
      41 41 41 41 41 41       ; 8008 inc ecx
      40                      ; 800e inc eax
      cc`;
    expect(run(code)).toBe(-1);
    expect(state[ECX]).toBe(7);
  });

  test('a store changes itself: it has happened, and the new bytes run the next time', () => {
    const code = `
      b9 03000000             ; 8000 mov ecx, 3
      8005 0b800000 01        ; 8005 add byte [800b], 1: its own immediate, which doubles each time
      49                      ; 800c dec ecx
      75 f6                   ; 800d jnz 8005
      0fb605 0b800000         ; 800f movzx eax, byte [800b]
      cc`;
    expect(run(code)).toBe(8);
  });

  test('a loop that rewrites its own immediate each time round', () => {
    const code = `
      31c0                    ; 8000 xor eax, eax
      b9 0a000000             ; 8002 mov ecx, 10
      81c0 01000000           ; 8007 add eax, 1
      8305 09800000 02        ; 800d add dword [8009], 2: 1, 3, 5, …
      49                      ; 8014 dec ecx
      75 f0                   ; 8015 jnz 8007
      cc`;
    expect(run(code)).toBe(100);
  });

  test('a hot loop is changed from outside it after it was compiled', () => {
    const code = `
      bb 02000000             ; 8000 mov ebx, 2
      b9 e8030000             ; 8005 mov ecx, 1000
      40                      ; 800a inc eax; the second time dec eax
      49                      ; 800b dec ecx
      75 fc                   ; 800c jnz 800a
      c605 0a800000 48        ; 800e mov byte [800a], 48h
      4b                      ; 8015 dec ebx
      75 ed                   ; 8016 jnz 8005
      cc`;
    expect(run(code)).toBe(0);
  });

  test('a store into a block that called this one', () => {
    const code = `
      e8 05000000             ; 8000 call 800a
      b8 01000000             ; 8005 mov eax, 1: its immediate becomes 9
      c605 06800000 09        ; 800a mov byte [8006], 9
      f7c3 01000000           ; 8011 test ebx, 1
      75 02                   ; 8017 jnz 801b
      43                      ; 8019 inc ebx
      c3                      ; 801a ret
      cc                      ; 801b`;
    expect(run(code)).toBe(9);
  });

  test('an instruction that crosses pages changes on its second page', () => {
    // MOV EAX, imm32 at 8ffe: opcode and one immediate byte on the first page.
    const code = 'b8 11223344 cc';
    expect(run(code, 0xffe)).toBe(0x44332211);
    poke(0x1001, 0x55);
    state[EIP] = CODE + 0xffe;
    expect(resume()).toBe(0x44552211);
  });

  test('guest stores change the second page of an instruction that crosses', () => {
    const code = `
      b9 04000000             ; 8fe9 mov ecx, 4
      8005 00900000 01        ; 8fee add byte [9000], 1: in the immediate below
      83c2 01                 ; 8ff5 add edx, 1
      83c3 01                 ; 8ff8 add ebx, 1
      90 90                   ; 8ffb nop
      81c0 00000000           ; 8ffd add eax, imm32: its immediate begins at 8fff
      49                      ; 9003 dec ecx
      75 e8                   ; 9004 jnz 8fee
      cc`;
    // 256 * (1 + 2 + 3 + 4)
    expect(run(code, 0xfe9)).toBe(2560);
    expect(state[EDX]).toBe(4);
  });

  test('REP MOVSB copies code over code that has run', () => {
    const code = `
      bb 02000000             ; 8000 mov ebx, 2
      b8 01000000             ; 8005 mov eax, 1; the second time mov eax, 4
      be 20800000             ; 800a mov esi, 8020
      bf 05800000             ; 800f mov edi, 8005
      b9 05000000             ; 8014 mov ecx, 5
      f3a4                    ; 8019 rep movsb
      4b                      ; 801b dec ebx
      75 e7                   ; 801c jnz 8005
      cc cc                   ; 801e
      b8 04000000             ; 8020 mov eax, 4`;
    expect(run(code)).toBe(4);
    expect(state[ECX]).toBe(0);
    expect(state[EDI]).toBe(0x800a);
    expect(state[ESI]).toBe(0x8025);
  });

  test('REP STOSB fills the instructions right behind itself', () => {
    const code = `
      b8 40000000             ; 8000 mov eax, 40h: inc eax
      bf 11800000             ; 8005 mov edi, 8011
      b9 04000000             ; 800a mov ecx, 4
      f3aa                    ; 800f rep stosb
      cc cc cc cc             ; 8011 becomes inc eax four times
      cc`;
    expect(run(code)).toBe(0x44);
  });

  test('REP STOSD runs into its own page from the data before it', () => {
    // ES:EDI from the page below the code, which is not mapped to it: stays data, then code, in one instruction.
    const code = `
      b8 40404040             ; 8000 mov eax, 40404040h
      bf 00900000             ; 8005 mov edi, 9000
      b9 04000000             ; 800a mov ecx, 4
      f3ab                    ; 800f rep stosd
      e9 ea0f0000             ; 8011 jmp 9000`;
    expect(run(code)).toBe(0x40404050);
  });

  test('data and code share a page: stores to the data keep the code', () => {
    const code = `
      b9 e8030000             ; 8000 mov ecx, 1000
      ff05 80800000           ; 8005 inc dword [8080]
      ff05 00810000           ; 800b inc dword [8100]
      49                      ; 8011 dec ecx
      75 f1                   ; 8012 jnz 8005
      a1 00810000             ; 8014 mov eax, [8100]
      2b05 80800000           ; 8019 sub eax, [8080]
      cc`;
    expect(run(code)).toBe(0);
    expect(machine.cpu.cache.statistics.singleSteps).toBeLessThan(1000);
    const { invalidated } = machine.cpu.cache.statistics;
    state[EIP] = CODE;
    resume();
    expect(machine.cpu.cache.statistics.invalidated).toBe(invalidated);
  });

  test('a store through one mapping changes code that runs at another', () => {
    const code = `
      b9 03000000             ; 8000 mov ecx, 3
      83c0 01                 ; 8005 add eax, 1, then 2, then 3
      fe05 07802000           ; 8008 inc byte [208007]: the same physical byte
      49                      ; 800e dec ecx
      75 f4                   ; 800f jnz 8005
      cc`;
    expect(run(code)).toBe(6);
  });

  test('code that runs at both mappings is dropped at both', () => {
    const code = `
      31c0                    ; 8000 xor eax, eax
      e8 12000000             ; 8002 call 8019
      bb 19802000             ; 8007 mov ebx, 208019
      ffd3                    ; 800c call ebx
      c605 1b800000 10        ; 800e mov byte [801b], 16
      ffd3                    ; 8015 call ebx
      cc cc                   ; 8017
      83c0 01                 ; 8019 add eax, 1, then 16
      c3`;
    expect(run(code)).toBe(18);
    expect(state[EBX]).toBe(CODE_ALIAS + 0x19);
  });

  test('the host writes code and says so', () => {
    const code = 'b8 01000000 cc';
    expect(run(code)).toBe(1);
    poke(1, 0x2a);
    state[EIP] = CODE;
    expect(resume()).toBe(0x2a);
  });

  test('an undefined instruction becomes a defined one by its second byte', () => {
    machine.load(program('0f 0a cc'));
    expect(machine.cpu.run(10)).toMatchObject({ kind: 'fault', vector: Vector.UD });
    state[EAX] = 1;
    poke(1, 0xc8); // bswap eax
    expect(resume()).toBe(0x01000000);
  });

  test('an undefined instruction that crosses pages becomes a defined one on the second page', () => {
    machine.load(program('0f 0a cc', 0xfff));
    expect(machine.cpu.run(10)).toMatchObject({ kind: 'fault', vector: Vector.UD });
    state[EAX] = 1;
    poke(0x1000, 0xc8); // bswap eax
    expect(resume()).toBe(0x01000000);
  });

  test('a jump into the middle of an instruction has blocks of its own, dropped with it', () => {
    const code = `
      b8 40404040             ; 8000 mov eax, 40404040h; from 8001 on four times inc eax
      43                      ; 8005 inc ebx
      83fb 02                 ; 8006 cmp ebx, 2
      7c f6                   ; 8009 jl 8001
      c605 02800000 90        ; 800b mov byte [8002], 90h: nop
      83fb 04                 ; 8012 cmp ebx, 4
      7c ea                   ; 8015 jl 8001
      cc`;
    expect(run(code)).toBe(0x40404040 + 4 + 3 + 3);
  });

  test('a fault in the instruction that a store has just made stops there', () => {
    const code = `
      c605 09800000 0b        ; 8000 mov byte [8009], 0bh: 0F 1F /0 (nop) becomes UD2
      90                      ; 8007
      0f1f 00                 ; 8008
      cc`;
    machine.load(program(code));
    expect(machine.cpu.run(100)).toMatchObject({ kind: 'fault', vector: Vector.UD });
    expect(state[EIP]).toBe(0x8008);
    expect(machine.cpu.retired).toBe(2);
  });

  test('code that is rewritten all the time stays right and is given up as a region', () => {
    const code = `
      b9 e8030000             ; 8000 mov ecx, 1000
      81c0 00000000           ; 8005 add eax, imm32
      890d 07800000           ; 800b mov [8007], ecx
      49                      ; 8011 dec ecx
      75 f1                   ; 8012 jnz 8005
      cc`;
    // 0 + 1000 + 999 + … + 2
    expect(run(code)).toBe((1000 * 1001) / 2 - 1);
    expect(machine.cpu.cache.statistics.regions).toBeLessThan(300);
  });
});
