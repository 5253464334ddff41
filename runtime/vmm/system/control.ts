/**
 * Control registers, and what keeps TLB and caches in step with them: MOV from and to CRn, LMSW, SMSW's word, CLTS,
 * INVLPG, INVD and WBINVD.
 *
 * Source: SDM vol. 3A §2.5 (bits, and which writes are refused), §4.10.4 (what flushes the TLB); vol. 2A, 2B under each
 * mnemonic. Writes of undefined bits of CR0 are ignored, those of CR4 are refused.
 */
import { MODE_MMX, MODE_PROTECTED, MODE_SSE } from '../../abi/mode.ts';
import { CPL, CR0, CR3, CR4, EIP, MODE } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import {
  CPUID_DE,
  CPUID_FXSR,
  CPUID_MCE,
  CPUID_PAE,
  CPUID_PGE,
  CPUID_PSE,
  CPUID_SSE,
  CPUID_TSC,
  CPUID_VME,
  type CpuModel,
} from '../../cpu/cpuid.ts';
import { refreshSegmentMode } from '../../cpu/segment.ts';
import { summarizeX87 } from '../../cpu/x87.ts';
import type { VmmCall, VmmPart } from '../table.ts';
import type { Processor } from './context.ts';
import { CR0_AM, refreshAlignment, setPrivilege } from './mode.ts';

const CR0_PE = 1 << 0;
const CR0_MP = 1 << 1;
const CR0_EM = 1 << 2;
export const CR0_TS: number = 1 << 3;
export const CR0_ET: number = 1 << 4;
const CR0_NE = 1 << 5;
const CR0_WP = 1 << 16;
export const CR0_NW: number = 1 << 29;
export const CR0_CD: number = 1 << 30;
export const CR0_PG: number = 1 << 31;
const CR0_DEFINED = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
/** Bits that LMSW writes. */
const MACHINE_STATUS = CR0_PE | CR0_MP | CR0_EM | CR0_TS;

export const CR4_VME: number = 1 << 0;
export const CR4_PVI: number = 1 << 1;
const CR4_TSD = 1 << 2;
export const CR4_DE: number = 1 << 3;
const CR4_PSE = 1 << 4;
const CR4_PAE = 1 << 5;
const CR4_MCE = 1 << 6;
const CR4_PGE = 1 << 7;
const CR4_PCE: number = 1 << 8;
const CR4_OSFXSR = 1 << 9;
const CR4_OSXMMEXCPT = 1 << 10;

/** Which bits of CR4 come with which feature of CPUID's leaf 1, EDX. */
const features: readonly (readonly [feature: number, bits: number])[] = [
  [CPUID_VME, CR4_VME | CR4_PVI],
  [CPUID_TSC, CR4_TSD],
  [CPUID_DE, CR4_DE],
  [CPUID_PSE, CR4_PSE],
  [CPUID_PAE, CR4_PAE],
  [CPUID_MCE, CR4_MCE],
  [CPUID_PGE, CR4_PGE],
  [CPUID_FXSR, CR4_OSFXSR],
  [CPUID_SSE, CR4_OSXMMEXCPT],
];

/** Bits of CR4 that a model lets be set. PCE comes with RDPMC, which every family 6 has. */
function definedCr4({ features: { edx } }: CpuModel): number {
  let bits = CR4_PCE;
  for (const [feature, controls] of features) if (edx & feature) bits |= controls;
  return bits;
}

type Calls =
  | 'readControl'
  | 'writeControl'
  | 'loadMachineStatus'
  | 'clearTaskSwitched'
  | 'invalidatePage'
  | 'invalidateCaches';

export function controlCalls(processor: Processor): VmmPart<Calls> {
  const { state: S, memory, paging, fault } = processor;
  const cr4Bits = definedCr4(processor.model);
  const privileged = (): void => {
    if (S[CPL] !== 0) fault.raise(Vector.GP);
  };
  /** A privileged call that goes on with the next instruction. */
  const systemOnly =
    (act: (first: number, second: number) => void): VmmCall =>
    (_at, next, first, second) => {
      privileged();
      act(first!, second!);
      S[EIP] = next;
      return undefined;
    };
  const writeCr4 = (value: number): void => {
    if (value & ~cr4Bits) fault.raise(Vector.GP);
    const changed = S[CR4]! ^ value;
    if (changed & (CR4_PSE | CR4_PAE | CR4_PGE)) {
      checkPointers(processor, S[CR0]!, S[CR3]!, value);
      memory.flush(false);
      paging.forget();
    }
    S[CR4] = value;
    refreshVectorMode(S);
  };
  return {
    readControl: systemOnly((number, register) => {
      S[register] = S[CR0 + controlSlot(number)]!;
    }),
    writeControl: systemOnly((number, register) => {
      const value = S[register]!;
      if (number === 0) writeCr0(processor, value);
      else if (number === 3) loadPageDirectory(processor, value);
      else if (number === 4) writeCr4(value);
      else S[CR0 + controlSlot(number)] = value;
    }),
    loadMachineStatus: systemOnly((word) => {
      // LMSW enters protected mode, but does not leave it.
      const status = (word & MACHINE_STATUS) | (S[CR0]! & CR0_PE);
      writeCr0(processor, (S[CR0]! & ~MACHINE_STATUS) | status);
    }),
    clearTaskSwitched: systemOnly(() => {
      S[CR0]! &= ~CR0_TS;
      refreshVectorMode(S);
    }),
    invalidatePage: systemOnly((la) => memory.invalidatePage(la)),
    // There is no cache that guests could see.
    invalidateCaches: systemOnly(() => {}),
  };
}

/** Slots of CR0, CR2, CR3 and CR4 from the first on. */
function controlSlot(number: number): number {
  return number === 0 ? 0 : number - 1;
}

function writeCr0(processor: Processor, value: number): void {
  const { state: S, memory, paging, fault } = processor;
  if ((value & CR0_PG && !(value & CR0_PE)) || (value & CR0_NW && !(value & CR0_CD))) fault.raise(Vector.GP);
  const old = S[CR0]!;
  if ((old ^ value) & (CR0_PG | CR0_WP | CR0_PE)) {
    if (!(old & CR0_PG)) checkPointers(processor, value, S[CR3]!, S[CR4]!);
    memory.flush(false);
    paging.forget();
  }
  S[CR0] = (value & CR0_DEFINED) | CR0_ET;
  refreshAlignment(S);
  refreshVectorMode(S);
  if ((old ^ value) & CR0_PE) {
    S[MODE] = value & CR0_PE ? S[MODE]! | MODE_PROTECTED : S[MODE]! & ~MODE_PROTECTED;
    // Segment registers keep their hidden parts until they are loaded.
    setPrivilege(S, 0);
    refreshSegmentMode(S);
  }
}

/** Load CR3: translations go, but for those of global pages. @throws GuestFault #GP for bad PAE pointers. */
export function loadPageDirectory(processor: Processor, value: number): void {
  const { state: S, memory, paging } = processor;
  checkPointers(processor, S[CR0]!, value, S[CR4]!);
  S[CR3] = value;
  memory.flush((S[CR4]! & CR4_PGE) !== 0);
  paging.forget();
}

/** Would these control registers turn on PAE paging with pointers that have reserved bits? @throws GuestFault #GP. */
function checkPointers({ paging, fault }: Processor, cr0: number, cr3: number, cr4: number): void {
  if (cr0 & CR0_PG && cr4 & CR4_PAE && !paging.arePointersValid(cr3)) fault.raise(Vector.GP);
}

/** Let the mode say whether MMX and SSE instructions execute: CR0 or CR4 changed. */
export function refreshVectorMode(S: Int32Array): void {
  const enabled = (S[CR0]! & (CR0_EM | CR0_TS)) === 0;
  let mode = S[MODE]! & ~(MODE_MMX | MODE_SSE);
  if (enabled) mode |= S[CR4]! & CR4_OSFXSR ? MODE_MMX | MODE_SSE : MODE_MMX;
  S[MODE] = mode;
  summarizeX87(S);
}
