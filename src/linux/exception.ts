/**
 * Exceptions of the CPU as signals: what arch/x86/kernel/traps.c and mm/fault.c make of them, and the one line that
 * `--verbose` prints when nobody catches the signal.
 */
import { EAX, EIP, MXCSR, registerNames, X87_CONTROL, X87_STATUS } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import { MXCSR_MASK_SHIFT } from '../../runtime/cpu/sse.ts';
import type { Kernel } from './kernel.ts';
import { Signal, SignalCode, type SignalInfo, signalName } from './signals.ts';

/** An exception as the processor reports it. */
export interface Exception {
  readonly vector: number;
  readonly errorCode: number;
  readonly address: number;
}

/** Sends the current process the signal for an exception at EIP. */
export function raiseException(kernel: Kernel, exception: Exception): void {
  const task = kernel.current;
  // CR2 keeps the address of the last page fault.
  const { vector, errorCode } = exception;
  task.trap = { vector, errorCode, address: vector === Vector.PF ? exception.address : task.trap.address };
  task.signals.force(signalOf(kernel, exception));
}

function signalOf(kernel: Kernel, { vector, address }: Exception): SignalInfo {
  const eip = kernel.processor.state[EIP]!;
  switch (vector) {
    case Vector.DE:
      return { signal: Signal.FPE, code: SignalCode.DivideByZero, address: eip };
    case Vector.DB:
      return { signal: Signal.TRAP, code: SignalCode.Trace, address: eip };
    case Vector.BP:
      return { signal: Signal.TRAP, code: SignalCode.Kernel };
    case Vector.UD:
    case Vector.NM:
      return { signal: Signal.ILL, code: SignalCode.IllegalOperand, address: eip };
    case Vector.PF: {
      const area = kernel.memory.space.areaAt(address);
      const code = area === undefined ? SignalCode.MapError : SignalCode.AccessError;
      return { signal: Signal.SEGV, code, address };
    }
    case Vector.NP:
    case Vector.SS:
      return { signal: Signal.BUS, code: SignalCode.Kernel };
    case Vector.AC:
      return { signal: Signal.BUS, code: SignalCode.Alignment };
    case Vector.MF:
      return { signal: Signal.FPE, code: x87Code(kernel.processor.state), address: eip };
    case Vector.XM:
      return { signal: Signal.FPE, code: sseCode(kernel.processor.state), address: eip };
    default:
      return { signal: Signal.SEGV, code: SignalCode.Kernel };
  }
}

/** si_code of an x87 exception, from the flags that are not masked (fpu__exception_code in arch/x86/kernel/fpu/core.c). */
function x87Code(state: Int32Array): number {
  return floatCode(state[X87_STATUS]! & ~state[X87_CONTROL]!);
}

/** The same of an SSE exception, whose masks stand beside its flags. */
function sseCode(state: Int32Array): number {
  const control = state[MXCSR]!;
  return floatCode(control & ~(control >> MXCSR_MASK_SHIFT));
}

function floatCode(flags: number): number {
  return floatCodes.find(([mask]) => (flags & mask) !== 0)?.[1] ?? 0;
}

/** Invalid, divide, overflow, underflow and denormal, precision: FPE_FLTINV, FLTDIV, FLTOVF, FLTUND, FLTRES. */
const floatCodes: readonly (readonly [mask: number, code: number])[] = [
  [1, 7],
  [4, 3],
  [8, 4],
  [0x12, 5],
  [0x20, 6],
];

/** Names an instruction for the report: its text, from the bytes at its address. */
export type Disassemble = (bytes: Uint8Array, address: number) => string;

/** Longest x86 instruction. */
const INSTRUCTION_LIMIT = 15;

/** One line about a signal that ends the current process: where, which instruction, which registers. */
export function describeDeath(kernel: Kernel, info: SignalInfo, disassemble: Disassemble | undefined): string {
  const { state } = kernel.processor;
  const eip = state[EIP]!;
  const bytes = codeAt(kernel, eip);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const instruction = bytes.length === 0 ? 'no code there' : (disassemble?.(bytes, eip) ?? hex);
  const registers = registerNames.map((name, number) => `${name}=${word(state[EAX + number]!)}`).join(' ');
  const address = info.address === undefined ? '' : ` address ${word(info.address)}`;
  return `${signalName(info.signal)}${address} at eip=${word(eip)} (${instruction}) ${registers}`;
}

function codeAt(kernel: Kernel, eip: number): Uint8Array {
  for (let count = INSTRUCTION_LIMIT; count > 0; count--) {
    try {
      return kernel.memory.readBytes(eip, count);
    } catch {
      // The instruction may end before an unmapped page.
    }
  }
  return new Uint8Array(0);
}

function word(value: number): string {
  return '0x' + (value >>> 0).toString(16).padStart(8, '0');
}
