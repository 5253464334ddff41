// The same accesses to a device of ours and to QEMU's: where do the answers part?
import type { DeviceBench } from './device-bench.ts';
import { Qtest } from './qtest.ts';

/** One access in QEMU's qtest protocol (`outb 0x43 0x34`, `inb 0x40`, …) and what our device answered to the same. */
export interface Exchange {
  readonly command: string;
  readonly answer: number | undefined;
  /** Bits of the answer that are compared; all when left out. */
  readonly mask?: number;
}

/** What a test says to ports of one of our devices, byte by byte. */
interface Conversation {
  /** All that has been said, in order. A test may add what is no port access. */
  readonly exchanges: Exchange[];
  write(port: number, value: number): void;
  /** @param mask bits that are compared. */
  read(port: number, mask?: number): number;
}

export function converse(bench: DeviceBench): Conversation {
  const exchanges: Exchange[] = [];
  return {
    exchanges,
    write: (port, value) => {
      exchanges.push({ command: `outb ${port} ${value}`, answer: undefined });
      bench.out([port, value]);
    },
    read: (port, mask = 0xff) => {
      const answer = bench.in(port);
      exchanges.push({ command: `inb ${port}`, answer, mask });
      return answer;
    },
  };
}

/**
 * The first exchange that QEMU answers otherwise, with those before it; undefined when there is none.
 * @param args QEMU's arguments after the machine.
 */
export async function differenceFromQemu(
  exchanges: readonly Exchange[],
  args: readonly string[] = [],
): Promise<string | undefined> {
  const qemu = new Qtest(args);
  try {
    const replies = await Promise.all(exchanges.map(({ command }) => qemu.ask(command)));
    const at = exchanges.findIndex(
      ({ answer, mask = -1 }, i) => answer !== undefined && ((answer ^ Number(replies[i])) & mask) !== 0,
    );
    if (at < 0) return undefined;
    const before = exchanges.slice(Math.max(0, at - 20), at + 1);
    const history = before.map(({ command, answer }) => (answer === undefined ? command : `${command} = ${answer}`));
    return `exchange ${at}: QEMU answers ${replies[at]}\n${history.join('\n')}`;
  } finally {
    qemu.close();
  }
}
