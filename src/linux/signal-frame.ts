/**
 * Signal frames: what Linux/i386 puts on the stack for a handler, and sigreturn, which takes it back
 * (arch/x86/kernel/signal_32.c; struct sigframe_ia32, rt_sigframe_ia32, sigcontext_32 in asm/sigframe.h and
 * uapi/asm/sigcontext.h). The layouts are ABI: handlers read and change them.
 *
 * The state of x87 and SSE lies above the frame (struct _fpstate_32): FNSAVE's image, and behind it FXSAVE's on a CPU
 * that has it. Sigreturn takes the x87 from the former, XMM and MXCSR from the latter. A handler starts with all of it
 * as FNINIT and a reset leave it.
 */
import {
  CS,
  DS,
  EAX,
  EBP,
  EBX,
  ECX,
  EDI,
  EDX,
  EFLAGS_AC,
  EFLAGS_AF,
  EFLAGS_CF,
  EFLAGS_DF,
  EFLAGS_OF,
  EFLAGS_PF,
  EFLAGS_SF,
  EFLAGS_TF,
  EFLAGS_ZF,
  EIP,
  ES,
  ESI,
  ESP,
  FS,
  GS,
  SELECTOR,
  SS,
} from '../../runtime/abi/state.ts';
import { FXSAVE_BYTES, FXSAVE_USED, fxsaveImage, isFxsaveValid, loadSseImage } from '../../runtime/cpu/fxsave.ts';
import { loadSegmentRegister, nullDescriptor } from '../../runtime/cpu/segment.ts';
import { initializeSse } from '../../runtime/cpu/sse.ts';
import {
  initializeX87,
  setX87Environment,
  setX87Registers,
  X87_REGISTER_BYTES,
  x87Environment,
  x87Registers,
} from '../../runtime/cpu/x87.ts';
import { setUserFlags } from '../../runtime/vmm/user/flags.ts';
import { Errno, fail } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { describeSelector, USER_CS, USER_DS } from './registers.ts';
import {
  ActionFlag,
  type AlternateStack,
  Signal,
  type SignalAction,
  type SignalInfo,
  SignalSet,
  unblockable,
} from './signals.ts';

/** sizeof(struct sigcontext_32), siginfo_t, struct _fpstate_32 (its old place in sigframe). */
const CONTEXT_SIZE = 88;
const INFO_SIZE = 128;
const UNUSED_FP_SIZE = 624;

/** struct _fpstate_32 up to its magic: environment, registers, status word, and what says whether FXSAVE's image follows. */
const FLOAT_REGISTERS = 28;
const FLOAT_STATUS: number = FLOAT_REGISTERS + X87_REGISTER_BYTES;
const FLOAT_SIZE: number = FLOAT_STATUS + 4;
const FLOAT_ALONE = 0xffff0000;
const FLOAT_ALIGNMENT = 64;

// struct sigframe_ia32: pretcode, sig, sc, fpstate_unused, extramask, retcode.
const FRAME_CONTEXT = 8;
const FRAME_MASK_HIGH: number = FRAME_CONTEXT + CONTEXT_SIZE + UNUSED_FP_SIZE;
const FRAME_CODE: number = FRAME_MASK_HIGH + 4;
const FRAME_SIZE: number = FRAME_CODE + 8;

// struct rt_sigframe_ia32: pretcode, sig, pinfo, puc, info, uc, retcode.
const RT_INFO = 16;
const RT_UCONTEXT: number = RT_INFO + INFO_SIZE;
const UCONTEXT_STACK = 8;
const UCONTEXT_CONTEXT = 20;
const UCONTEXT_MASK: number = UCONTEXT_CONTEXT + CONTEXT_SIZE;
const RT_CODE: number = RT_UCONTEXT + UCONTEXT_MASK + 8;
const RT_FRAME_SIZE: number = RT_CODE + 8;

/** popl %eax; movl $119, %eax; int $0x80 */
const RETURN_CODE: Uint8Array = Uint8Array.of(0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80);
/** movl $173, %eax; int $0x80; nop */
const RT_RETURN_CODE: Uint8Array = Uint8Array.of(0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0);

/** Flags that sigreturn takes from the frame (FIX_EFLAGS). */
const RETURNED_FLAGS: number =
  EFLAGS_AC | EFLAGS_OF | EFLAGS_DF | EFLAGS_TF | EFLAGS_SF | EFLAGS_ZF | EFLAGS_AF | EFLAGS_PF | EFLAGS_CF;

/** General registers of sigcontext_32 from offset 16 on. */
const contextRegisters = [EDI, ESI, EBP, ESP, EBX, EDX, ECX, EAX];

/** ss_flags. */
export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;
/** MINSIGSTKSZ. */
export const MINIMUM_STACK = 2048;

/** Does this stack pointer lie on the alternate stack? */
function isOnAlternateStack(stack: AlternateStack, esp: number): boolean {
  const offset = ((esp >>> 0) - (stack.base >>> 0)) >>> 0;
  return stack.size > 0 && offset > 0 && offset <= stack.size;
}

/** ss_flags of a stack while ESP is `esp`. */
export function alternateStackFlags(stack: AlternateStack, esp: number): number {
  if (stack.size === 0) return SS_DISABLE;
  return isOnAlternateStack(stack, esp) ? SS_ONSTACK : 0;
}

/**
 * Makes the current process run a handler: writes the frame, sets the registers, blocks signals.
 * @throws SystemError EFAULT when the stack cannot take the frame.
 */
export function enterHandler(kernel: Kernel, info: SignalInfo, action: SignalAction): void {
  const { state } = kernel.processor;
  const task = kernel.current;
  const { signals } = task;
  const isRealtime = (action.flags & ActionFlag.SIGINFO) !== 0;
  const mask = signals.saved ?? signals.blocked;
  const float = floatPlace(kernel, stackTop(state[ESP]!, signals.alternateStack, action.flags));
  const frame = framePlace(float, isRealtime ? RT_FRAME_SIZE : FRAME_SIZE);
  writeFloat(kernel, float);
  const places = { frame, float };
  if (isRealtime) writeRtFrame(kernel, places, info, action, mask);
  else writeFrame(kernel, places, info, action, mask);

  signals.saved = undefined;
  signals.blocked = signals.blocked.union(action.mask);
  if ((action.flags & ActionFlag.NODEFER) === 0) signals.blocked.add(info.signal);
  signals.blocked = signals.blocked.minus(unblockable);

  initializeX87(state);
  initializeSse(state);
  state[ESP] = frame;
  state[EIP] = action.handler;
  state[EAX] = info.signal;
  state[EDX] = isRealtime ? frame + RT_INFO : 0;
  state[ECX] = isRealtime ? frame + RT_UCONTEXT : 0;
  loadSelector(kernel, CS, USER_CS);
  for (const segment of [DS, ES, SS]) loadSelector(kernel, segment, USER_DS);
  setUserFlags(state, kernel.processor.getEflags() & ~(EFLAGS_DF | EFLAGS_TF), 32);
}

/** Where the frame and the state of the x87 are. */
interface Places {
  readonly frame: number;
  readonly float: number;
}

/** get_sigframe: the stack pointer, or the end of the alternate stack. */
function stackTop(esp: number, stack: AlternateStack, flags: number): number {
  const switches = (flags & ActionFlag.ONSTACK) !== 0 && stack.size > 0 && !isOnAlternateStack(stack, esp);
  return switches ? stack.base + stack.size : esp;
}

/** fpu__alloc_mathframe: FXSAVE's image is aligned where there is one, FNSAVE's lies right below it. */
function floatPlace(kernel: Kernel, top: number): number {
  if (!hasFxsave(kernel)) return ((top - FLOAT_SIZE) & -FLOAT_ALIGNMENT) | 0;
  return (((top - FXSAVE_BYTES) & -FLOAT_ALIGNMENT) - FLOAT_SIZE) | 0;
}

function hasFxsave({ model }: Kernel): boolean {
  return model.instructions.has('fxsr');
}

/** align_sigframe: ESP + 4 is a multiple of 16. */
function framePlace(top: number, size: number): number {
  return (((top - size + 4) & -16) - 4) | 0;
}

function writeFloat(kernel: Kernel, at: number): void {
  const { memory, processor } = kernel;
  const { state } = processor;
  const environment = x87Environment(state, 32);
  environment.forEach((word, index) => {
    memory.write32(at + index * 4, word);
  });
  memory.write(at + FLOAT_REGISTERS, x87Registers(state));
  const more = hasFxsave(kernel);
  memory.write32(at + FLOAT_STATUS, (environment[1]! & 0xffff) | (more ? 0 : FLOAT_ALONE));
  if (!more) return;
  memory.write(at + FLOAT_SIZE, fxsaveImage(state));
  memory.clear(at + FLOAT_SIZE + FXSAVE_USED, FXSAVE_BYTES - FXSAVE_USED);
}

/**
 * Take the state of x87 and SSE back. A frame without one leaves both as at the start; so does one that cannot be loaded.
 * @throws SystemError EFAULT when it has no such memory, or bits of MXCSR that do not exist.
 */
function readFloat(kernel: Kernel, at: number): void {
  const { memory, processor } = kernel;
  const { state } = processor;
  initializeX87(state);
  initializeSse(state);
  if (at === 0) return;
  const environment = Array.from({ length: FLOAT_REGISTERS / 4 }, (_, index) => memory.read32(at + index * 4));
  const registers = memory.readBytes(at + FLOAT_REGISTERS, X87_REGISTER_BYTES);
  const image = hasFxsave(kernel) ? memory.readBytes(at + FLOAT_SIZE, FXSAVE_USED) : undefined;
  if (image !== undefined && !isFxsaveValid(image)) fail(Errno.EFAULT);
  setX87Environment(state, environment, 32);
  setX87Registers(state, registers);
  if (image !== undefined) loadSseImage(state, image);
}

function writeFrame(
  kernel: Kernel,
  { frame, float }: Places,
  info: SignalInfo,
  action: SignalAction,
  mask: SignalSet,
): void {
  const { memory } = kernel;
  const hasRestorer = (action.flags & ActionFlag.RESTORER) !== 0;
  memory.write32(frame, hasRestorer ? action.restorer : frame + FRAME_CODE);
  memory.write32(frame + 4, info.signal);
  writeContext(kernel, frame + FRAME_CONTEXT, float, mask.low);
  memory.write32(frame + FRAME_MASK_HIGH, mask.high);
  memory.write(frame + FRAME_CODE, RETURN_CODE);
}

function writeRtFrame(
  kernel: Kernel,
  { frame, float }: Places,
  info: SignalInfo,
  action: SignalAction,
  mask: SignalSet,
): void {
  const { memory } = kernel;
  const hasRestorer = (action.flags & ActionFlag.RESTORER) !== 0;
  const ucontext = frame + RT_UCONTEXT;
  memory.write32(frame, hasRestorer ? action.restorer : frame + RT_CODE);
  memory.write32(frame + 4, info.signal);
  memory.write32(frame + 8, frame + RT_INFO);
  memory.write32(frame + 12, ucontext);
  writeInfo(kernel, frame + RT_INFO, info);
  memory.clear(ucontext, UCONTEXT_CONTEXT);
  const stack = kernel.current.signals.alternateStack;
  memory.write32(ucontext + UCONTEXT_STACK, stack.base);
  memory.write32(ucontext + UCONTEXT_STACK + 4, stack.flags);
  memory.write32(ucontext + UCONTEXT_STACK + 8, stack.size);
  writeContext(kernel, ucontext + UCONTEXT_CONTEXT, float, mask.low);
  memory.write32(ucontext + UCONTEXT_MASK, mask.low);
  memory.write32(ucontext + UCONTEXT_MASK + 4, mask.high);
  memory.write(frame + RT_CODE, RT_RETURN_CODE);
}

/** siginfo_t (uapi/asm-generic/siginfo.h), 128 bytes. */
export function writeInfo(kernel: Kernel, at: number, info: SignalInfo): void {
  const { memory } = kernel;
  memory.clear(at, INFO_SIZE);
  memory.write32(at, info.signal);
  memory.write32(at + 8, info.code);
  if (info.address !== undefined) memory.write32(at + 12, info.address);
  else {
    memory.write32(at + 12, info.pid ?? 0);
    memory.write32(at + 16, info.uid ?? 0);
    memory.write32(at + 20, info.status ?? info.value ?? 0);
  }
}

function writeContext(kernel: Kernel, at: number, float: number, maskLow: number): void {
  const { memory, processor } = kernel;
  const { state } = processor;
  const { trap } = kernel.current;
  [GS, FS, ES, DS].forEach((segment, index) => {
    memory.write32(at + index * 4, state[SELECTOR + segment]!);
  });
  contextRegisters.forEach((register, index) => {
    memory.write32(at + 16 + index * 4, state[register]!);
  });
  memory.write32(at + 48, trap.vector);
  memory.write32(at + 52, trap.errorCode);
  memory.write32(at + 56, state[EIP]!);
  memory.write32(at + 60, state[SELECTOR + CS]!);
  memory.write32(at + 64, processor.getEflags());
  memory.write32(at + 68, state[ESP]!);
  memory.write32(at + 72, state[SELECTOR + SS]!);
  memory.write32(at + 76, float);
  memory.write32(at + 80, maskLow);
  memory.write32(at + 84, trap.address);
}

function readContext(kernel: Kernel, at: number): void {
  const { memory, processor } = kernel;
  const { state } = processor;
  const context = new Int32Array(CONTEXT_SIZE / 4);
  for (let index = 0; index < context.length; index++) context[index] = memory.read32(at + index * 4);
  [GS, FS, ES, DS].forEach((segment, index) => {
    loadSelector(kernel, segment, context[index]! & 0xffff);
  });
  contextRegisters.forEach((register, index) => {
    state[register] = context[4 + index]!;
  });
  state[EIP] = context[14]!;
  loadSelector(kernel, CS, (context[15]! & 0xffff) | 3);
  loadSelector(kernel, SS, (context[18]! & 0xffff) | 3);
  const eflags = processor.getEflags();
  setUserFlags(state, (eflags & ~RETURNED_FLAGS) | (context[16]! & RETURNED_FLAGS), 32);
  readFloat(kernel, context[19]!);
}

/** Loads a segment register with what the selector names; a bad one is replaced by the null selector or refused. */
function loadSelector(kernel: Kernel, segment: number, selector: number): void {
  const { state } = kernel.processor;
  if (state[SELECTOR + segment] === selector) return;
  const descriptor = describeSelector(selector, kernel.current.tls);
  if (descriptor !== undefined) loadSegmentRegister(state, segment, selector, descriptor);
  else if (segment === CS || segment === SS) fail(Errno.EFAULT);
  else loadSegmentRegister(state, segment, 0, nullDescriptor);
}

/** sigreturn(2): ESP stands after the frame's `pretcode` and `sig`. Returns EAX as it was. */
export function sigreturn(kernel: Kernel): number {
  const { memory, processor, current } = kernel;
  const frame = (processor.state[ESP]! - 8) | 0;
  return restore(kernel, () => {
    const low = memory.read32(frame + FRAME_CONTEXT + 80);
    const mask = new SignalSet(low, memory.read32(frame + FRAME_MASK_HIGH));
    current.signals.blocked = mask.minus(unblockable);
    readContext(kernel, frame + FRAME_CONTEXT);
  });
}

/** rt_sigreturn(2): ESP stands after the frame's `pretcode`. Returns EAX as it was. */
export function rtSigreturn(kernel: Kernel): number {
  const { memory, processor, current } = kernel;
  const ucontext = (processor.state[ESP]! - 4 + RT_UCONTEXT) | 0;
  return restore(kernel, () => {
    const mask = new SignalSet(memory.read32(ucontext + UCONTEXT_MASK), memory.read32(ucontext + UCONTEXT_MASK + 4));
    const [base, flags, size] = [0, 4, 8].map((at) => memory.read32(ucontext + UCONTEXT_STACK + at)) as [
      number,
      number,
      number,
    ];
    current.signals.blocked = mask.minus(unblockable);
    readContext(kernel, ucontext + UCONTEXT_CONTEXT);
    // As sigaltstack would, but what it would refuse is passed over.
    if (isOnAlternateStack(current.signals.alternateStack, processor.state[ESP]!)) return;
    if ((flags & SS_DISABLE) !== 0) current.signals.alternateStack = { base: 0, size: 0, flags: SS_DISABLE };
    else if (size >>> 0 >= MINIMUM_STACK) current.signals.alternateStack = { base, size, flags: 0 };
  });
}

/** A frame that cannot be read back raises SIGSEGV, where it has led so far. */
function restore(kernel: Kernel, read: () => void): number {
  try {
    read();
  } catch {
    kernel.current.signals.force({ signal: Signal.SEGV, code: 0x80, address: 0 });
  }
  return kernel.processor.state[EAX]!;
}
