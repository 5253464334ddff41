// Small guest programs as bytes: what single costs are measured with. All count ECX down to zero and end in INT3.

/** Collects machine code; addresses are offsets from its start. */
export class Code {
  private readonly bytes: number[] = [];

  get length(): number {
    return this.bytes.length;
  }

  byte(...values: readonly number[]): this {
    for (const value of values) this.bytes.push(value & 0xff);
    return this;
  }

  word(value: number): this {
    return this.byte(value, value >> 8, value >> 16, value >> 24);
  }

  /** A jump or call with a 32-bit displacement. */
  relative(opcode: readonly number[], target: number): this {
    this.byte(...opcode);
    return this.word(target - (this.length + 4));
  }

  align(size: number): this {
    while (this.length % size !== 0) this.byte(0x90);
    return this;
  }

  /** Overwrite a word. */
  patch(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.bytes[at + i] = (value >> (8 * i)) & 0xff;
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

const JMP = [0xe9];
const CALL = [0xe8];
const JNZ = [0x0f, 0x85];

/** ADD EAX,ECX; XOR EDX,EAX; ROL EAX,5; DEC ECX; JNZ: registers only. */
export function registerLoop(): Uint8Array {
  const code = new Code().byte(0x01, 0xc8, 0x31, 0xc2, 0xc1, 0xc0, 5, 0x49);
  return code.relative(JNZ, 0).byte(0xcc).toBytes();
}

/** MOV EAX,[ESP-64]; ADD EAX,ECX; MOV [ESP-60],EAX; ADD [ESP-64],EAX; DEC ECX; JNZ: one page of memory. */
export function memoryLoop(): Uint8Array {
  const code = new Code().byte(0x8b, 0x44, 0x24, -64, 0x01, 0xc8, 0x89, 0x44, 0x24, -60, 0x01, 0x44, 0x24, -64, 0x49);
  return code.relative(JNZ, 0).byte(0xcc).toBytes();
}

/** CALL to a function of INC EAX; RET, then DEC ECX; JNZ. */
export function callLoop(): Uint8Array {
  const code = new Code().relative(CALL, 16).byte(0x49).relative(JNZ, 0).byte(0xcc);
  return code.align(16).byte(0x40, 0xc3).toBytes();
}

/** `count` blocks of INC EAX; JMP to the next, each on a page of its own; the last does DEC ECX; JNZ to the first. */
export function jumpChain(count: number): Uint8Array {
  const code = new Code();
  for (let i = 1; i < count; i++) {
    code.byte(0x40);
    code.relative(JMP, i * 4096).align(4096);
  }
  return code.byte(0x49).relative(JNZ, 0).byte(0xcc).toBytes();
}

/**
 * An indirect jump or call whose target changes each time, round `count` (a power of two) of them: EBX := EBX + 37;
 * index := EBX & (count - 1); CALL base + index * 16. The targets are INC EAX; RET.
 */
export function indirectLoop(base: number, count: number): Uint8Array {
  const code = new Code();
  code.byte(0x83, 0xc3, 37, 0x89, 0xda, 0x81, 0xe2).word(count - 1);
  code.byte(0xc1, 0xe2, 4, 0x81, 0xc2).word(base + 64);
  code.byte(0xff, 0xd2, 0x49).relative(JNZ, 0).byte(0xcc).align(64);
  for (let i = 0; i < count; i++) code.byte(0x40, 0xc3).align(16);
  return code.toBytes();
}

/**
 * `count` functions that each run a loop of `turns` and are called one after another through a table, which nothing
 * can inline, then the bytes of `end`. With many turns each function becomes a region of its own.
 */
export function functionRow(base: number, count: number, turns: number, end: readonly number[]): Uint8Array {
  const code = new Code();
  code.byte(0xbf).word(0); // MOV EDI,0
  const loop = code.length;
  code.byte(0x81, 0xff).word(count); // CMP EDI,count
  code.byte(0x73, 10); // JAE end
  code.byte(0xff, 0x14, 0xbd).word(0); // CALL [table + EDI*4]
  code.byte(0x47, 0xeb, -18); // INC EDI; JMP to the CMP
  code.byte(...end).align(64);
  const targets: number[] = [];
  for (let i = 0; i < count; i++) {
    targets.push(base + code.length);
    code.byte(0xb9).word(turns); // MOV ECX,turns
    const again = code.length;
    code.byte(0x05).word(i * 0x9e3779b1); // ADD EAX,number
    code.byte(0x31, 0xc2, 0xc1, 0xc2, i % 31); // XOR EDX,EAX; ROL EDX,number
    code.byte(0xf6, 0xc2, 1, 0x74, 2, 0x01, 0xd0); // TEST DL,1; JZ over; ADD EAX,EDX
    code.byte(0x49).relative(JNZ, again).byte(0xc3).align(16);
  }
  const table = code.length;
  for (const target of targets) code.word(target);
  code.patch(loop + 11, base + table);
  return code.toBytes();
}
