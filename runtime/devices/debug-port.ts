/**
 * The two conveniences for firmware and tests that QEMU's PC made customary: a console that is one port (402h, where
 * SeaBIOS logs), and a port that ends the machine with a status (isa-debug-exit).
 */
import type { Ports } from '../bus/ports.ts';

const CONSOLE_PORT = 0x402;
/** What reads give: the guest finds the console by it. */
const CONSOLE_PRESENT = 0xe9;

/** Claims port 402h; each byte written there goes to `onByte`. */
export function attachDebugConsole(ports: Ports, onByte: (byte: number) => void): void {
  ports.claim(CONSOLE_PORT, 1, { read8: () => CONSOLE_PRESENT, write8: (_port, value) => onByte(value) });
}

/**
 * Claims `port` (501h by default, F4h as tests like it) and the three after it: a write of n ends the machine with
 * status 2n + 1, so a guest cannot report 0.
 */
export function attachDebugExit(ports: Ports, onExit: (status: number) => void, port = 0x501): void {
  const write = (_port: number, value: number): void => onExit(((value << 1) | 1) & 0xff);
  ports.claim(port, 4, { read8: () => 0, write8: write, write16: write, write32: write });
}
