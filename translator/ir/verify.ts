/**
 * What every block of IR must obey, after the lift and after each pass: tests run it, translation does not.
 *
 * The commit rule is the one that everything else leans on: within one guest instruction no register or flag is
 * written before the last operation that can fault, so that a fault, a stop or a store into translated code always
 * leaves the state of the instruction's start.
 */
import { helperSignatures, vmmCalls } from '../../runtime/abi/calls.ts';
import type { HelperSignature } from '../../runtime/abi/signature.ts';
import {
  EBX,
  EDI,
  EIP,
  isVectorSlot,
  MXCSR,
  SCRATCH,
  STATE_SLOTS,
  TEMPORARY,
  VECTOR_SCRATCH,
} from '../../runtime/abi/state.ts';
import type { IrBlock } from './block.ts';
import { flagMask } from './flags.ts';
import { type Call, type Load, type Node, operandsOf, type Part } from './node.ts';
import { canFault, constantOf } from './ops.ts';
import { type PureName, pure } from './pure.ts';
import { type Terminator, terminatorOperands } from './terminator.ts';

/** Check a block. @returns what is wrong, a sentence each, naming the node by its position; empty when all is well. */
export function verify(block: IrBlock): string[] {
  const verifier = new Verifier(block);
  verifier.run();
  return verifier.problems;
}

class Verifier {
  readonly problems: string[] = [];
  private readonly block: IrBlock;
  private readonly defined = new Set<Node>();
  /** Loads that checked for writing in the current instruction. */
  private readonly checked = new Set<Load>();
  /** First register or flag write of the current instruction. */
  private committed: string | undefined;
  private marks = 0;

  constructor(block: IrBlock) {
    this.block = block;
  }

  run(): void {
    this.block.nodes.forEach((node, at) => {
      this.node(node, `${at} (${node.op})`);
    });
    this.end(this.block.terminator);
    if (this.marks !== this.block.instructions)
      this.report(`the block says ${this.block.instructions} instructions and has ${this.marks}`);
  }

  private report(problem: string): void {
    this.problems.push(problem);
  }

  private node(node: Node, where: string): void {
    for (const operand of operandsOf(node))
      if (!this.defined.has(operand)) this.report(`${where} uses a value that is not defined before it`);
    if (this.defined.has(node)) this.report(`${where} stands in the block twice`);
    if (canFault(node) && this.committed !== undefined)
      this.report(`${where} can fault after ${this.committed} in the same instruction`);
    this.shape(node, where);
    this.defined.add(node);
  }

  private shape(node: Node, where: string): void {
    switch (node.op) {
      case 'mark':
        if (node.index !== this.marks) this.report(`${where} is instruction ${node.index}, not ${this.marks}`);
        this.marks++;
        this.committed = undefined;
        this.checked.clear();
        return;
      case 'const':
        if ((node.value | 0) !== node.value) this.report(`${where} is not an i32: ${node.value}`);
        return;
      case 'pure':
        if (node.args.length !== arityOf(node.name))
          this.report(`${where} ${node.name} has ${node.args.length} arguments`);
        return;
      case 'call':
        if (node.args.length !== helperSignatures[node.helper].args)
          this.report(`${where} ${node.helper} has ${node.args.length} arguments`);
        this.lanes(node, where);
        return;
      case 'get':
        this.slot(node.slot, node.part, where);
        return;
      case 'set':
        this.slot(node.slot, node.part, where);
        if (node.slot === EIP) this.report(`${where} writes EIP, which is the terminator's`);
        if (!isScratch(node.slot)) this.committed ??= where;
        return;
      case 'flags':
        if (node.mask === 0 || (node.mask & ~flagMask(node.kind)) !== 0)
          this.report(`${where} ${node.kind} cannot write components ${node.mask}`);
        this.committed ??= where;
        return;
      case 'load':
        if (node.zero && (node.size === 32 || node.write)) this.report(`${where} cannot zero-extend`);
        if (node.write) this.checked.add(node);
        return;
      case 'store':
        this.pairing(node.after, node.size, node.address, where);
    }
  }

  /** A store that relies on a load's check must be its second half. */
  private pairing(load: Load | undefined, size: number, address: Node, where: string): void {
    if (load === undefined) return;
    if (!this.checked.has(load)) this.report(`${where} relies on a load that checked nothing in this instruction`);
    if (load.size !== size || load.address !== address) this.report(`${where} relies on a load of something else`);
  }

  private slot(slot: number, part: Part, where: string): void {
    const architectural = slot >= 0 && slot < Math.min(TEMPORARY, STATE_SLOTS);
    if (!architectural) this.report(`${where} names slot ${slot}`);
    const last = part === 'r32' ? TEMPORARY : part === 'r16' ? EDI : EBX;
    if (slot > last) this.report(`${where} takes part ${part} of slot ${slot}`);
  }

  /** Arguments that are vector slots. */
  private lanes(node: Call, where: string): void {
    const { lanes }: HelperSignature = helperSignatures[node.helper];
    if (lanes === undefined) return;
    const slots = node.args.slice(0, lanes.reads === 0 ? 1 : 2);
    if (!slots.every((slot) => slot.op === 'const' && isVectorSlot(slot.value))) {
      this.report(`${where} ${node.helper} has an argument that is no vector slot`);
    } else if (lanes.writes !== 0 && !isScratch(constantOf(slots[0]!))) this.committed ??= where;
  }

  private end(terminator: Terminator): void {
    for (const operand of terminatorOperands(terminator))
      if (!this.defined.has(operand)) this.report(`the ${terminator.kind} uses a value that is not defined before it`);
    if (terminator.kind !== 'vmm') return;
    const { call, args } = terminator;
    if (args.length !== vmmCalls[call]) this.report(`the VMM call ${call} has ${args.length} arguments`);
    if (this.committed !== undefined)
      this.report(`the VMM call ${call} can fault after ${this.committed} in the same instruction`);
  }
}

/** Not architectural: may be written before an operation that can fault. */
function isScratch(slot: number): boolean {
  return slot === SCRATCH || (slot >= VECTOR_SCRATCH && slot < MXCSR);
}

function arityOf(name: PureName): number {
  if (Object.hasOwn(pure.unary, name)) return 1;
  if (Object.hasOwn(pure.ternary, name)) return 3;
  return Object.hasOwn(pure.binary, name) || Object.hasOwn(pure.tests, name) ? 2 : -1;
}
