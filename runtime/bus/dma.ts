/**
 * One channel of the ISA DMA controllers as the device on its DREQ and DACK lines sees it: the device asks for a
 * transfer when it has, or wants, bytes; address, length and direction are what the guest programmed.
 */
export interface DmaChannel {
  /**
   * Memory to device: fill `into` from its start.
   * @returns bytes moved: less than asked when terminal count came first, 0 while the channel is masked or programmed
   * for the other direction. A verify transfer counts without moving.
   */
  read(into: Uint8Array): number;
  /** Device to memory: the bytes of `from`, from its start. @returns as read(). */
  write(from: Uint8Array): number;
  /** Did the last transfer end with terminal count (the TC line)? */
  readonly terminalCount: boolean;
}
