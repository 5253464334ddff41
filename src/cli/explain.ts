/** `xlat86 explain`: what becomes of guest code, stage by stage. */
import { Command, Option } from 'commander';
import { ExplainError, explain, modes, printRegion, type Stretch, stretchOf } from '../debug/explain.ts';
import { readProgram } from './exec.ts';
import { UsageError } from './failure.ts';

interface ExplainOptions {
  readonly hex?: string;
  readonly at?: string;
  readonly eip: string;
  readonly mode: '16' | '32';
  readonly region?: true;
}

const examples = `
Addresses are hexadecimal. The sections: asm, the guest's instructions; ir, what the lift makes of them; opt, the same
after the passes; tier 0, the micro-operations that are interpreted; js, the function that tier 1 compiles.

Examples:
  xlat86 explain --hex "03 03 c3"
  xlat86 explain --hex "01 d8 49 75 fb" --region
  xlat86 explain ./busybox --at 8049c30`;

/** The command, for main.ts. */
export function explainCommand(): Command {
  return new Command('explain')
    .summary('show what guest code is translated to')
    .description('Prints guest code with every stage of its translation.')
    .usage('--hex BYTES [options] | PROGRAM --at ADDRESS [options]')
    .argument('[program]', 'a static i386 ELF file')
    .option('--hex <bytes>', 'the code itself, in hexadecimal')
    .option('--at <address>', 'where in PROGRAM to begin')
    .option('--eip <address>', 'where the bytes of --hex lie', '1000')
    .addOption(new Option('--mode <bits>', 'size of code and stack').choices(['16', '32']).default('32'))
    .option('--region', 'take in the blocks that the first one leads to')
    .addHelpText('after', examples)
    .action(run);
}

function run(program: string | undefined, options: ExplainOptions): void {
  try {
    const { stretch, eip } = locate(program, options);
    const region = explain(stretch, eip | 0, modes[options.mode]!, options.region ?? false);
    process.stdout.write(printRegion(region, stretch));
  } catch (error) {
    throw error instanceof ExplainError ? new UsageError(error.message) : error;
  }
}

function locate(program: string | undefined, options: ExplainOptions): { stretch: Stretch; eip: number } {
  if ((program === undefined) === (options.hex === undefined))
    throw new UsageError('give either PROGRAM or --hex BYTES');
  if (program === undefined) {
    if (options.at !== undefined) throw new UsageError('--at needs PROGRAM; where the bytes of --hex lie, --eip says');
    const eip = parseAddress('--eip', options.eip);
    return { stretch: { eip, bytes: parseBytes(options.hex!) }, eip };
  }
  if (options.at === undefined) throw new UsageError('PROGRAM needs --at ADDRESS');
  const eip = parseAddress('--at', options.at);
  return { stretch: stretchOf(readProgram(program), program, eip), eip };
}

function parseBytes(text: string): Uint8Array {
  const digits = text.replaceAll(/0x|[\s,]/g, '');
  if (digits === '' || digits.length % 2 === 1 || /[^0-9a-f]/i.test(digits)) {
    throw new UsageError(`--hex ${text}: expected pairs of hexadecimal digits`);
  }
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

function parseAddress(option: string, text: string): number {
  if (!/^(0x)?[0-9a-f]{1,8}$/i.test(text)) throw new UsageError(`${option} ${text}: expected a hexadecimal address`);
  return Number.parseInt(text.replace(/^0x/i, ''), 16);
}
