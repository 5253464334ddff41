/**
 * The decoder against a real CPU: length and legality of every opcode under every mandatory prefix and LOCK, for each
 * ModRM.reg in memory and register form, as silicon/record.ts wrote them down.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDecoder, type DecodeFault, type Instruction } from '../../../translator/decode/index.ts';
import { rows } from '../../../translator/isa/index.ts';
import { keyOf, type Line, lines, sequenceOf } from './silicon/encodings.ts';

const decoder = createDecoder(rows);

const verdicts = new Map<string, string>(
  readFileSync(join(import.meta.dirname, 'silicon', 'verdicts.txt'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => line.split(': ') as [string, string]),
);

/** Rows that the recording CPU has not (an AMD EPYC without GFNI and CLWB, in user mode of a 64-bit kernel). */
const absent = new Set([
  ...['VMCALL', 'VMLAUNCH', 'VMRESUME', 'VMXOFF', 'VMFUNC', 'VMREAD', 'VMWRITE', 'VMPTRLD', 'VMCLEAR', 'VMXON'],
  ...['VMPTRST', 'INVEPT', 'INVVPID', 'GETSEC'], // Intel
  ...['GF2P8MULB', 'GF2P8AFFINEQB', 'GF2P8AFFINEINVQB', 'CLWB', 'INVPCID', 'RDPID', 'XSAVES', 'XRSTORS'],
  ...['MONITOR', 'MWAIT', 'RSM', 'CLAC', 'STAC'], // undefined outside CPL 0 or SMM
  'SYSENTER', // undefined in AMD's long mode
]);

/** Encodings that the recording CPU has and we have no rows for. */
function isForeign({ bytes }: Line, modrm: number): boolean {
  const opcode = bytes.filter((byte) => ![0x66, 0xf2, 0xf3, 0xf0].includes(byte));
  const [first, second] = opcode;
  if (first !== 0x0f) return false;
  if (second === 0x05 || second === 0x07) return true; // SYSCALL and SYSRET
  if (second === 0x01) return modrm >= 0xd8 && modrm !== 0xf9; // SVM, MONITORX, CLZERO, RDPRU
  // LOCK MOV CR0 names CR8; a CPL 0 instruction faults before its register number is looked at.
  if (second === 0x20 || second === 0x22) return true;
  return second === 0x2b || second === 0x78 || second === 0x79; // SSE4a, and VMX that takes its opcodes
}

function verdictOf(ours: Instruction | DecodeFault): string {
  return 'fault' in ours || /^UD[012]$/.test(ours.mnemonic) ? '.' : ours.length.toString(16);
}

const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

describe('a real CPU', () => {
  test('agrees on length and legality of every opcode', () => {
    const failures: string[] = [];
    let agreed = 0;
    for (const line of lines) {
      const theirs = verdicts.get(keyOf(line)) ?? '.'.repeat(line.modrms.length);
      line.modrms.forEach((modrm, index) => {
        const ours = decoder.decode(sequenceOf(line, modrm), 0, 0, true);
        const verdict = verdictOf(ours);
        if (verdict === theirs[index]) {
          agreed++;
          return;
        }
        if ('fault' in ours ? isForeign(line, modrm) : absent.has(ours.mnemonic)) return;
        // PREFETCHW with a register is a NOP on Intel and undefined on AMD.
        if (!('fault' in ours) && ours.row.opcode === '0F 0D r') return;
        failures.push(`${hex([...line.bytes, modrm])}: ${verdict}, CPU ${theirs[index]}`);
      });
    }
    expect(failures).toEqual([]);
    expect(verdicts.size).toBeGreaterThan(2000);
    expect(agreed).toBeGreaterThan(80_000);
  });
});
