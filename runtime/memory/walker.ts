/**
 * What memory/ asks to map a linear page: page tables in system mode, a process's page array in user mode.
 */
export const Access = { Read: 0, Write: 1, Execute: 2 } as const;
export type Access = (typeof Access)[keyof typeof Access];

/** Bits of a walk's result. The page may be written from now on without asking again. */
export const WALK_WRITABLE = 2;
/** The page outlives a load of CR3. */
export const WALK_GLOBAL = 4;
/** The page is part of a larger one: INVLPG of any address in that forgets it. */
export const WALK_LARGE = 8;
/** The physical address is beyond 4 GiB, where nobody answers. */
export const WALK_OUTSIDE = 16;

export interface PageWalker {
  /**
   * Translate the page of linear address `la` for one access.
   * @param user true when the access has user privilege (CPL 3).
   * @returns physical page address (low 12 bits free) OR-ed with the bits above where they apply.
   * @throws GuestFault #PF with CR2 = la.
   */
  walk(la: number, access: Access, user: boolean): number;
  /** The TLB is flushed: forget what is kept of the tables. */
  forget?(): void;
}
