/**
 * Region graph to structured JavaScript: loops become `for (;;)`, merge points labelled blocks, everything else nests.
 *
 * Each node is emitted inside its immediate dominator (Ramsey, "Beyond Relooper", ICFP 2022): a node with several
 * forward predecessors stands right after a labelled block that they break out of; a back edge continues its loop.
 * V8 optimises this 1.2 to 1.9 times better than a switch over block numbers.
 */
import { vmmCallNames } from '../../runtime/abi/calls.ts';
import { Exit } from '../../runtime/abi/exit.ts';
import { EIP, VMM_ARGUMENT, VMM_CALL, VMM_NEXT } from '../../runtime/abi/state.ts';
import type { RegionNode } from '../region/graph.ts';
import { BlockEmitter } from './block.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import type { FunctionFrame } from './frame.ts';
import { BUDGET_LOCAL, EXIT_LOCAL, LEAVE } from './names.ts';

/** Emits all nodes of a region as the body of a block labelled LEAVE. */
export class StructureEmitter {
  /** EIPs that exits go to, by ordinal. */
  readonly exits: number[] = [];
  private readonly head: RegionNode;
  private readonly frame: FunctionFrame;

  constructor(head: RegionNode, frame: FunctionFrame) {
    this.head = head;
    this.frame = frame;
  }

  run(): Statement[] {
    const { head } = this;
    const short = this.isShort(head);
    return [js.iff(short, [store(EIP, js.num(head.block.eip)), ...leave(Exit.Budget)]), ...this.tree(head)];
  }

  /** A node with everything that it dominates. */
  private tree(node: RegionNode): Statement[] {
    const merges = node.children.filter((child) => child.isMerge);
    const body = this.within(node, merges);
    if (!node.isLoopHead) return body;
    return [js.loop(`loop${node.order}`, body)];
  }

  /** A node followed by the merge points that it dominates, the last of them outermost. */
  private within(node: RegionNode, merges: readonly RegionNode[]): Statement[] {
    const last = merges.at(-1);
    if (last === undefined) return this.node(node);
    const inner = js.labeled(`after${last.order}`, js.block(this.within(node, merges.slice(0, -1))));
    return [inner, ...this.tree(last)];
  }

  private node(node: RegionNode): Statement[] {
    const { block } = node;
    const emitter = new BlockEmitter(block, this.frame);
    const { statements } = emitter;
    const spent = js.binary('-', js.id(BUDGET_LOCAL), js.num(block.instructions));
    statements.push(js.statement(js.assign(js.id(BUDGET_LOCAL), js.binary('|', spent, js.num(0)))));
    emitter.run();
    const { terminator } = block;
    switch (terminator.kind) {
      case 'jump':
        statements.push(...this.go(node, terminator.target));
        break;
      case 'branch': {
        const taken = this.go(node, terminator.taken);
        const next = this.go(node, terminator.next);
        statements.push(js.iff(emitter.test(terminator.condition), taken), ...next);
        break;
      }
      case 'indirect': {
        const target = emitter.atom(emitter.value(terminator.target));
        for (const eip of node.edges.keys()) {
          statements.push(js.iff(js.binary('===', target, js.num(eip)), this.go(node, eip)));
        }
        statements.push(store(EIP, target), ...leave(Exit.Indirect));
        break;
      }
      case 'vmm': {
        const { call, at, next, args } = terminator;
        const words: [number, Expression][] = [
          [VMM_CALL, js.num(vmmCallNames.indexOf(call))],
          [EIP, js.num(at)],
          [VMM_NEXT, js.num(next)],
        ];
        for (const [i, arg] of args.entries()) words.push([VMM_ARGUMENT + i, emitter.value(arg)]);
        statements.push(...words.map(([slot, value]) => store(slot, value)), ...leave(Exit.Vmm));
      }
    }
    return statements;
  }

  /** Fewer instructions are left than the longest way from this node to the next check takes. */
  private isShort(node: RegionNode): Expression {
    return js.binary('<', js.id(BUDGET_LOCAL), js.num(node.longest));
  }

  /**
   * Every way into a loop checks the budget. It does so on the edge and not at the loop's head, where all flags would
   * be live as loop variables; on the edge V8 computes what only the exit needs in the exit.
   */
  private budgetCheck(node: RegionNode): Statement[] {
    if (!node.isLoopHead) return [];
    const { eip } = node.block;
    const out = node.order === 0 ? [store(EIP, js.num(eip)), ...leave(Exit.Budget)] : this.exit(eip);
    return [js.iff(this.isShort(node), out)];
  }

  /** Transfer control to an address: along the graph, or out. */
  private go(from: RegionNode, eip: number): Statement[] {
    const to = from.edges.get(eip);
    if (to === undefined) return this.exit(eip);
    const check = this.budgetCheck(to);
    if (to.order <= from.order) return [...check, js.continueTo(`loop${to.order}`)];
    if (to.isMerge) return [...check, js.breakTo(`after${to.order}`)];
    return [...check, ...this.tree(to)];
  }

  private exit(eip: number): Statement[] {
    let ordinal = this.exits.indexOf(eip);
    if (ordinal < 0) ordinal = this.exits.push(eip) - 1;
    return leave(ordinal);
  }
}

function store(slot: number, value: Expression): Statement {
  return js.statement(js.assign(js.at('S', js.num(slot)), value));
}

function leave(exit: number): Statement[] {
  return [js.statement(js.assign(js.id(EXIT_LOCAL), js.num(exit))), js.breakTo(LEAVE)];
}
