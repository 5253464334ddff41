/** The option `--code` of the subcommands that compile guest code. */
import { Option } from 'commander';

export function codeOption(): Option {
  return new Option('--code <kind>', 'what hot code becomes').choices(['wasm', 'javascript']).default('wasm');
}
