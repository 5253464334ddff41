// The command `xlat86`. Each subcommand has a file of its own and is listed here.
import { Command } from 'commander';
import { bootCommand } from './boot.ts';
import { demoCommand } from './demo.ts';
import { execCommand } from './exec.ts';
import { explainCommand } from './explain.ts';
import { endWithoutOutput, failAsUsage, failWith } from './failure.ts';

const program = new Command('xlat86')
  .description('Runs 32-bit x86 programs and whole PCs by translating them to JavaScript and WebAssembly.')
  .enablePositionalOptions()
  .addCommand(execCommand())
  .addCommand(bootCommand())
  .addCommand(explainCommand())
  .addCommand(demoCommand());
for (const command of [program, ...program.commands]) failAsUsage(command);

process.stdout.on('error', endWithoutOutput);
program.parseAsync().catch(failWith);
