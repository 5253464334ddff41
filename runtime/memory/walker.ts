/**
 * What memory/ asks to map a linear page: page tables in system mode, a process's page array in user mode.
 */
export const Access = { Read: 0, Write: 1, Execute: 2 } as const;
export type Access = (typeof Access)[keyof typeof Access];

/** Bit in a walk's result: the page may be written from now on without asking again. */
export const WALK_WRITABLE = 2;

export interface PageWalker {
  /**
   * Translate the page of linear address `la` for one access.
   * @param user true when the access has user privilege (CPL 3).
   * @returns physical page address (low 12 bits free) OR-ed with WALK_WRITABLE where it applies.
   * @throws GuestFault #PF with CR2 = la.
   */
  walk(la: number, access: Access, user: boolean): number;
}
