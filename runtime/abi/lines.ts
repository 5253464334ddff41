/**
 * The line table: direct access to identity-mapped memory with one test.
 *
 * Where linear addresses are places in the RAM buffer (a user-mode process that has its frames at its own addresses),
 * an access needs no translation, only permission. The table has a byte for each line of 64 bytes of the linear address
 * space. Its bits promise more than that line: the 256 bytes from any address in the line on may be read (or written)
 * directly, beyond the page's end too. So unaligned accesses need no test of their own, and one test serves all accesses to a stretch of 256 bytes.
 * Next to this, a TLB word costs a load more on the way to the data: measured 1.4 to 1.7 times slower.
 */

/** Bytes in a line, as a shift; lines in all. */
export const LINE_SHIFT = 6;
export const LINES: number = 1 << (32 - LINE_SHIFT);
/** From the address that was tested, bytes that may be accessed. */
export const LINE_REACH = 256;

/** Bits of a line's byte: LINE_REACH bytes from any address in it may be read directly. */
export const LINE_READABLE = 1;
/** And written: they hold no translated code. */
export const LINE_WRITABLE = 2;
/**
 * At the end of a page whose successor cannot be accessed: what is left of the page from any address in the line on may be
 * read, or written. Only the last LINE_REACH bytes of a page have these, so the low byte of an address says how much is left.
 */
export const LINE_TAIL_READABLE = 4;
export const LINE_TAIL_WRITABLE = 8;
