/**
 * Which group of instructions each row belongs to (abi/feature.ts), by mnemonic, as the manual lists them.
 *
 * A decoder for a processor without a group is made without its rows: opcodes fall back to what they were before, so
 * that F3 0F BC is BSF again on a processor without BMI1, as it was on silicon.
 *
 * Source: SDM vol. 1 §5.1 to §5.16; vol. 2A and 2B, "CPUID Feature Flag" under each instruction.
 */
import type { Feature } from '../../runtime/abi/feature.ts';
import { families } from './index.ts';
import type { Row } from './row.ts';

/** Mnemonics by group; in families of SSE what stands nowhere here is SSE2's. */
// biome-ignore format: lists
const mnemonics: Readonly<Partial<Record<Feature, string>>> = {
  tsc: 'RDTSC',
  cx8: 'CMPXCHG8B',
  msr: 'RDMSR WRMSR',
  cmov: 'CMOVO CMOVNO CMOVB CMOVAE CMOVE CMOVNE CMOVBE CMOVA CMOVS CMOVNS CMOVP CMOVNP CMOVL CMOVGE CMOVLE CMOVG ' +
    'FCMOVB FCMOVE FCMOVBE FCMOVU FCMOVNB FCMOVNE FCMOVNBE FCMOVNU FCOMI FCOMIP FUCOMI FUCOMIP',
  pmc: 'RDPMC',
  sep: 'SYSENTER SYSEXIT',
  hints: 'PREFETCHNTA PREFETCHT0 PREFETCHT1 PREFETCHT2 PREFETCHWT1 ENDBR32',
  prefetchw: 'PREFETCHW',
  fxsr: 'FXSAVE FXRSTOR',
  clfsh: 'CLFLUSH',
  sse: 'MOVAPS MOVUPS MOVSS MOVHPS MOVLPS MOVHLPS MOVLHPS MOVMSKPS MOVNTPS ADDPS ADDSS SUBPS SUBSS MULPS MULSS DIVPS ' +
    'DIVSS RCPPS RCPSS RSQRTPS RSQRTSS SQRTPS SQRTSS MAXPS MAXSS MINPS MINSS CMPPS CMPSS COMISS UCOMISS ANDPS ANDNPS ' +
    'ORPS XORPS SHUFPS UNPCKHPS UNPCKLPS CVTPI2PS CVTSI2SS CVTPS2PI CVTTPS2PI CVTSS2SI CVTTSS2SI LDMXCSR STMXCSR SFENCE',
  sse2: 'MOVNTI',
  sse3: 'FISTTP LDDQU ADDSUBPS ADDSUBPD HADDPS HADDPD HSUBPS HSUBPD MOVSHDUP MOVSLDUP MOVDDUP',
  ssse3: 'PHADDW PHADDD PHADDSW PHSUBW PHSUBD PHSUBSW PABSB PABSW PABSD PMADDUBSW PMULHRSW PSHUFB PSIGNB PSIGNW PSIGND ' +
    'PALIGNR',
  sse41: 'PMULLD PMULDQ DPPS DPPD MOVNTDQA BLENDPS BLENDPD BLENDVPS BLENDVPD PBLENDVB PBLENDW PMINUW PMINUD PMINSB ' +
    'PMINSD PMAXUW PMAXUD PMAXSB PMAXSD ROUNDPS ROUNDPD ROUNDSS ROUNDSD INSERTPS EXTRACTPS PINSRB PINSRD PEXTRB PEXTRD ' +
    'PMOVSXBW PMOVSXBD PMOVSXBQ PMOVSXWD PMOVSXWQ PMOVSXDQ PMOVZXBW PMOVZXBD PMOVZXBQ PMOVZXWD PMOVZXWQ PMOVZXDQ ' +
    'MPSADBW PHMINPOSUW PTEST PCMPEQQ PACKUSDW',
  sse42: 'PCMPESTRI PCMPESTRM PCMPISTRI PCMPISTRM PCMPGTQ CRC32',
  popcnt: 'POPCNT',
  movbe: 'MOVBE',
  lzcnt: 'LZCNT',
  bmi1: 'TZCNT ANDN BEXTR BLSI BLSMSK BLSR',
  bmi2: 'BZHI MULX PDEP PEXT RORX SARX SHLX SHRX',
  adx: 'ADCX ADOX',
  clflushopt: 'CLFLUSHOPT',
  clwb: 'CLWB',
};

/** Of the instructions on MMX registers, those that came later; the others are MMX's. */
// biome-ignore format: lists
const mmxMnemonics: Readonly<Partial<Record<Feature, string>>> = {
  sse: 'PINSRW PEXTRW PMOVMSKB PMINUB PMAXUB PMINSW PMAXSW PAVGB PAVGW PMULHUW PSADBW PSHUFW MASKMOVQ MOVNTQ',
  sse2: 'PADDQ PSUBQ PMULUDQ',
  ssse3: mnemonics.ssse3!,
};

const byMnemonic = invert(mnemonics);
const byMmxMnemonic = invert(mmxMnemonics);

function invert(lists: Readonly<Partial<Record<Feature, string>>>): ReadonlyMap<string, Feature> {
  const features = new Map<string, Feature>();
  for (const [feature, list] of Object.entries(lists)) {
    for (const mnemonic of list.split(' ')) features.set(mnemonic, feature as Feature);
  }
  return features;
}

/** The hint NOPs: 0F 0D and 0F 18 to 0F 1F. */
const HINT = /^(F3 )?0F (0D|1[89A-F])/;
/** No model has these: they decode, and raise #UD. */
const NEVER = /^(XSAVE|XRSTOR)/;
/** PEXTRW to memory, which has its name from the older one. */
const PEXTRW_TO_MEMORY = '66 0F 3A 15';

/** The group of a row of `family`; undefined for what every model has. */
export function featureOf(family: string, { opcode, mnemonic }: Row): Feature | undefined {
  if (family === 'sse cryptography' || NEVER.test(mnemonic)) return undefined;
  if (family === 'mmx') return byMmxMnemonic.get(mnemonic) ?? 'mmx';
  if (opcode === PEXTRW_TO_MEMORY) return 'sse41';
  const known = byMnemonic.get(mnemonic);
  if (known !== undefined) return known;
  if (family.startsWith('sse')) return 'sse2';
  return HINT.test(opcode) ? 'hints' : undefined;
}

/** The rows of a processor with these groups. */
export function rowsWith(features: ReadonlySet<Feature>): readonly Row[] {
  return Object.entries(families).flatMap(([family, members]) =>
    members.filter((row) => {
      const feature = featureOf(family, row);
      return feature === undefined || features.has(feature);
    }),
  );
}
