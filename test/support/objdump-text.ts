/**
 * Brings objdump's Intel syntax and ours to one form, so that texts can be compared.
 *
 * Only notation is evened out here. Where the two differ in substance, test/translator/decode/objdump.test.ts has a
 * list of exceptions with reasons.
 */

/** An instruction's text in the common form. */
export interface PlainText {
  readonly lock: boolean;
  /** Repeat prefixes in front, as `rep` (also for REPE) or `repne`. */
  readonly rep: readonly string[];
  /** Mnemonic without width suffix. */
  readonly mnemonic: string;
  readonly operands: readonly string[];
}

const repNames: Readonly<Record<string, string>> = {
  rep: 'rep',
  repe: 'rep',
  repz: 'rep',
  xrelease: 'rep',
  repne: 'repne',
  repnz: 'repne',
  xacquire: 'repne',
  bnd: 'repne',
};
/** Prefixes that objdump writes out where they have no effect, or where we show their effect in the operands. */
const silent = new Set(['data16', 'data32', 'addr16', 'addr32', 'cs', 'ds', 'es', 'ss', 'fs', 'gs', 'notrack']);
// biome-ignore format: table
const sizes: Readonly<Record<string, string>> = {
  BYTE: 'byte', WORD: 'word', DWORD: 'dword', FWORD: 'fword', QWORD: 'qword', TBYTE: 'tbyte', XMMWORD: 'oword',
  OWORD: 'oword',
};
/** Mnemonics that objdump marks with w or d when their operand size is not the default. */
const marked =
  /^(push|pusha|pushf|pop|popa|popf|call|jmp|ret|retf|iret|enter|leave|fldenv|fnstenv|fnsave|frstor|lgdt|lidt|sgdt|sidt)[wd]$/;
/** Predicates of CMPPS and kin that objdump folds into the mnemonic. */
const predicates = ['eq', 'lt', 'le', 'unord', 'neq', 'nlt', 'nle', 'ord'];
const carryless: Readonly<Record<string, string>> = { lqlq: '0x0', hqlq: '0x1', lqhq: '0x10', hqhq: '0x11' };

/** The common form of objdump's text. */
export function fromObjdump(text: string): PlainText {
  const { words, lock, rep } = splitPrefixes(text.replace(/\s*[#<].*$/, '').replace(/\((?:8087|287) only\)/, ''));
  let mnemonic = words.shift() ?? '';
  // An operand list has no spaces but in 'BYTE PTR'.
  const operands = splitOperands(words.join(' ')).map(objdumpOperand);
  mnemonic = marked.exec(mnemonic)?.[1] ?? mnemonic;
  const width = /^(byte|word|dword)/.exec(operands.find((operand) => operand.includes('[')) ?? '')?.[1];
  if (/^(movs|cmps|stos|lods|scas|ins|outs)$/.test(mnemonic) && width !== undefined) mnemonic += width[0];
  if (mnemonic === 'xlat') mnemonic = 'xlatb';
  const compare = /^cmp(eq|lt|le|unord|neq|nlt|nle|ord)(ps|pd|ss|sd)$/.exec(mnemonic);
  if (compare !== null) {
    mnemonic = `cmp${compare[2]}`;
    operands.push(`0x${predicates.indexOf(compare[1]!)}`);
  }
  const multiply = /^pclmul(.q.q)dq$/.exec(mnemonic);
  if (multiply !== null) {
    mnemonic = 'pclmulqdq';
    operands.push(carryless[multiply[1]!]!);
  }
  return { lock, rep, mnemonic, operands };
}

function objdumpOperand(operand: string): string {
  let text = operand.replace(/^(\w+) PTR /, (whole, size: string) => `${sizes[size] ?? whole} `);
  text = text.replace(/^st$/, 'st0').replace(/^st\((\d)\)$/, 'st$1');
  text = text.replace(/(^| )(\ws):\[/, '$1[$2:').replace(/(^| )([cdefgs]s):(0x[0-9a-f]+)$/, '$1[$2:$3]');
  text = text
    .replace(/\+?eiz\*\d/, '')
    .replace(/\+?riz\*\d/, '')
    .replace(/([[:])\+/, '$1');
  text = text.replace(/\+0x0\]/, ']').replace(/(\[(?:\ws:)?\w+\+\w+)\*1/, '$1');
  // Without base and index an address is unsigned here.
  text = text.replace(/\[(\ws:)?-(0x[0-9a-f]+)\]/, (_, segment: string | undefined, disp: string) => {
    return `[${segment ?? ''}0x${(-Number.parseInt(disp, 16) >>> 0).toString(16)}]`;
  });
  const base = /\[(?:\ws:)?(\w+)/.exec(text)?.[1] ?? '';
  const stack = /^e?(bp|sp)$/.test(base) && !/\[(?:\ws:)?\w+\*/.test(text);
  text = text.replace(stack ? '[ss:' : '[ds:', '[');
  return text === '1' ? '0x1' : text;
}

/** The common form of printInstruction's text. */
export function fromOurs(text: string): PlainText {
  const { words, lock, rep } = splitPrefixes(text);
  let mnemonic = words.shift() ?? '';
  const wide = /^(pusha|popa|pushf|popf|iret)d$/.exec(mnemonic);
  if (wide !== null) mnemonic = wide[1]!;
  // objdump shows a far transfer through memory only by its width.
  return { lock, rep, mnemonic, operands: splitOperands(words.join(' ').replace(/^far /, '')) };
}

function splitOperands(list: string): string[] {
  return list === '' ? [] : list.split(',').map((operand) => operand.trim());
}

function splitPrefixes(text: string): { words: string[]; lock: boolean; rep: string[] } {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const rep: string[] = [];
  let lock = false;
  while (words.length > 1) {
    const word = words[0]!;
    const name = repNames[word];
    if (name !== undefined) rep.push(name);
    else if (word === 'lock') lock = true;
    else if (!silent.has(word)) break;
    words.shift();
  }
  return { words, lock, rep };
}
