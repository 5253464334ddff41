/**
 * A region as one JavaScript function: load state into locals, run the structured body, write changed state back.
 *
 *   let eax = S[0], …, b = S[15], x = 0;
 *   leave: { … }
 *   write back;  S[8] = e;  S[77] = the region's number;  return x;
 *
 * Where calls may throw, `try { leave: … } catch (f) { if (w === 0) { write back }  return F(s, f); }` stands around it.
 */

import { Exit } from '../../runtime/abi/exit.ts';
import { EIP, REGION_LEFT } from '../../runtime/abi/state.ts';
import type { RegionExit, RegionPlace } from '../../runtime/abi/translator.ts';
import type { RegionNode } from '../region/node.ts';
import type { CompiledFunction, Compiler } from './compiler.ts';
import type { Statement } from './estree.ts';
import * as js from './estree.ts';
import { FunctionFrame } from './frame.ts';
import {
  ADDRESS_LOCAL,
  EIP_LOCAL,
  ENTRY_PARAMETER,
  EXIT_LOCAL,
  LEAVE,
  SAVED_LOCAL,
  SITE_LOCAL,
  vmmArgument,
  ZERO_LOCAL,
} from './names.ts';
import { findWholes } from './simd/locals.ts';
import { StructureEmitter } from './structure.ts';

/** A page that a region's blocks lie on: linear page number and the TLB word it must have. */
export interface PageCheck {
  readonly page: number;
  readonly mapping: number;
}

export interface EmittedRegion extends CompiledFunction {
  readonly exits: readonly RegionExit[];
}

/** Emit and compile the region that begins at an EIP. @param usesPairs where the host can, the x87 works on pairs. */
export function emitRegion(
  eip: number,
  head: RegionNode,
  pages: readonly PageCheck[],
  place: RegionPlace,
  compiler: Compiler,
  usesPairs: boolean,
): EmittedRegion {
  const { host } = compiler;
  const frame = new FunctionFrame(host, usesPairs, host.vectors ? findWholes(head) : undefined);
  const structure = new StructureEmitter(head, frame, place.number);
  const inner = structure.run();
  const recovery = [js.iff(js.binary('===', js.id(SAVED_LOCAL), js.num(0)), frame.save())];
  const end = [...frame.save(), ...frame.exitState(), left(place)];
  frame.finish();
  const locals = [EXIT_LOCAL, EIP_LOCAL, ...frame.locals];
  if (frame.throws) locals.push(ADDRESS_LOCAL, SITE_LOCAL, SAVED_LOCAL);
  if (frame.usesVectors) locals.push(ZERO_LOCAL);
  for (let i = 0; i < frame.vmmArguments; i++) locals.push(vmmArgument(i));
  const code = js.labeled(LEAVE, js.block(inner));
  const body: Statement[] = [
    ...pages.map((page) => checkPage(page, place)),
    js.variables([...frame.initial(), ...frame.xmm.extra(), ...locals.map((name) => [name, js.num(0)] as const)]),
    frame.throws ? js.tryCatch([code], 'f', [...recovery, js.ret(js.call('F', js.id(SITE_LOCAL), js.id('f')))]) : code,
    ...end,
    js.ret(js.id(EXIT_LOCAL)),
  ];
  const name = `r_${(eip >>> 0).toString(16)}`;
  const compiled = compiler.compile(name, body, frame, place);
  return { ...compiled, exits: frame.exits.table };
}

/** The region holds only while its other pages are mapped as they were. */
function checkPage({ page, mapping }: PageCheck, place: RegionPlace): Statement {
  const isOther = js.binary('!==', js.at('X', js.num(page)), js.num(mapping));
  const entry = js.statement(js.assign(js.at('S', js.num(EIP)), js.id(ENTRY_PARAMETER)));
  return js.iff(isOther, [entry, left(place), js.ret(js.num(Exit.Lookup))]);
}

function left({ number }: RegionPlace): Statement {
  return js.statement(js.assign(js.at('S', js.num(REGION_LEFT)), js.num(number)));
}
