#!/usr/bin/env node
/**
 * What `node dist/src/cli/main.js` runs: it loads the command line, which is one script, with V8's code cache.
 *
 * scripts/build.ts bundles main.ts and all that it imports, and keeps beside it the bytecode that V8 had made of it by
 * the end of a run. Parsing the command line anew and compiling its functions one by one takes a quarter of the time of
 * a short guest program. A cache belongs to one version of Node and is only looked for under its name; where there is
 * none, or V8 refuses it, the script is compiled from its text.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** File name of the bundle, without its extension; scripts/build.ts fills it in. */
declare const BUNDLE: string;

/** The bundle as a function of Node's names for a CommonJS module. */
type Main = (load: NodeJS.Require, folder: string) => void;

function readCache(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

const filename = join(__dirname, `${BUNDLE}.js`);
const cachedData = readCache(join(__dirname, `${BUNDLE}.${process.version}-${process.arch}.cache`));
// It is ASCII, which Node keeps outside of V8's heap when it is read as Latin-1.
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
(script.runInThisContext() as Main)(require, __dirname);
