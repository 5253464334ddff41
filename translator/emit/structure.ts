/**
 * Region graph to structured JavaScript: loops become `for (;;)`, merge points labelled blocks, everything else nests.
 *
 * Each node is emitted inside its immediate dominator (Ramsey, "Beyond Relooper", ICFP 2022): a node with several
 * forward predecessors stands right after a labelled block that they break out of; a back edge continues its loop.
 * V8 optimises this 1.2 to 1.9 times better than a switch over block numbers.
 */
import { vmmCallNames } from '../../runtime/abi/calls.ts';
import { Exit } from '../../runtime/abi/exit.ts';
import { EIP } from '../../runtime/abi/state.ts';
import type { RegionNode } from '../region/graph.ts';
import { BlockEmitter } from './block.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import { leave } from './exits.ts';
import type { FunctionFrame } from './frame.ts';
import { BUDGET_LOCAL, EIP_LOCAL, EXIT_LOCAL, vmmArgument } from './names.ts';

/** Emits all nodes of a region as the body of a block labelled LEAVE. */
export class StructureEmitter {
  private readonly head: RegionNode;
  private readonly frame: FunctionFrame;

  constructor(head: RegionNode, frame: FunctionFrame) {
    this.head = head;
    this.frame = frame;
  }

  run(): Statement[] {
    const { head } = this;
    return [js.iff(this.isShort(head), leave(Exit.Budget)), ...this.tree(head)];
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
      case 'jump': {
        const { target, call } = terminator;
        if (call === undefined || node.edges.has(target)) statements.push(...this.go(node, target));
        else statements.push(...this.call(node, this.frame.exits.call(target, false, call), call));
        break;
      }
      case 'branch': {
        const taken = this.go(node, terminator.taken);
        const next = this.go(node, terminator.next);
        statements.push(js.iff(emitter.test(terminator.condition), taken), ...next);
        break;
      }
      case 'indirect': {
        const target = emitter.atom(emitter.value(terminator.target));
        const { returnTo } = terminator;
        for (const eip of node.edges.keys()) {
          if (eip !== returnTo) statements.push(js.iff(js.binary('===', target, js.num(eip)), this.go(node, eip)));
        }
        if (returnTo === undefined) {
          this.frame.isIndirect = true;
          statements.push(js.statement(js.assign(js.id(EIP_LOCAL), target)), ...leave(Exit.Indirect));
        } else {
          statements.push(js.statement(js.assign(js.at('S', js.num(EIP)), target)));
          statements.push(...this.call(node, this.frame.exits.call(0, true, returnTo), returnTo));
        }
        break;
      }
      case 'vmm': {
        const { call, at, next, args } = terminator;
        this.frame.vmmArguments = Math.max(this.frame.vmmArguments, args.length);
        for (const [i, arg] of args.entries())
          statements.push(js.statement(js.assign(js.id(vmmArgument(i)), emitter.value(arg))));
        statements.push(...this.frame.exits.vmm(vmmCallNames.indexOf(call), at, next));
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
    return node.isLoopHead ? this.shortCheck(node) : [];
  }

  private shortCheck(node: RegionNode): Statement[] {
    return [js.iff(this.isShort(node), this.frame.exits.link(node.block.eip, false))];
  }

  /** Call another region and go on after it, or leave with what it was left with. All state is in its slots meanwhile. */
  private call(node: RegionNode, ordinal: number, returnTo: number): Statement[] {
    const { frame } = this;
    frame.calls = true;
    const exit = js.id(EXIT_LOCAL);
    const next = node.edges.get(returnTo);
    const check = next === undefined || next.isLoopHead ? [] : this.shortCheck(next);
    return [
      ...frame.save(),
      js.statement(js.assign(exit, js.call('C', js.id('G'), js.num(ordinal)))),
      js.iff(js.binary('!==', exit, js.num(0)), [js.ret(exit)]),
      ...frame.restore(),
      ...check,
      ...this.go(node, returnTo),
    ];
  }

  /** Transfer control to an address: along the graph, or out. */
  private go(from: RegionNode, eip: number): Statement[] {
    const to = from.edges.get(eip);
    if (to === undefined) return this.frame.exits.link(eip, !from.cut.has(eip));
    const check = this.budgetCheck(to);
    if (to.order <= from.order) return [...check, js.continueTo(`loop${to.order}`)];
    if (to.isMerge) return [...check, js.breakTo(`after${to.order}`)];
    return [...check, ...this.tree(to)];
  }
}
