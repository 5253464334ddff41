/**
 * The areas of one address space: which pages are mapped, with what permission, backed by what.
 *
 * A sorted list of disjoint page ranges, as /proc/self/maps shows it. It knows no frames; `address-space.ts` keeps the
 * pages themselves and asks here only when a page is touched for the first time or a mapping changes.
 */

/** Protection bits of mmap. */
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;

/** Pages of the address space. */
export const PAGES: number = 1 << 20;

/** The file pages behind a program's segment. */
export interface Backing {
  /**
   * Physical address of the frame with page `index` of the file, or -1 when there is no memory. The frame is the
   * backing's own: a holder retains it and never writes to it. `page` is the linear page that it is wanted for.
   */
  frame(index: number, page: number): number;
}

/** A range of pages with the same properties. */
export interface Area {
  /** First page, and the first page after it. */
  start: number;
  end: number;
  /** PROT_READ, PROT_WRITE, PROT_EXEC. */
  prot: number;
  /** MAP_SHARED: fork shares the frames. */
  readonly shared: boolean;
  /** MAP_GROWSDOWN: a touch below extends it. */
  readonly growsDown: boolean;
  /** Anonymous memory when absent. */
  readonly backing?: Backing;
  /** Page of the backing at `start`. */
  backingPage: number;
  /** For /proc/self/maps: `[heap]`, `[stack]`, a path, or empty. */
  readonly name: string;
}

export class AreaList {
  #areas: Area[] = [];

  /** In ascending order. */
  get all(): readonly Area[] {
    return this.#areas;
  }

  /** A copy that shares nothing with this one. */
  clone(): AreaList {
    const copy = new AreaList();
    copy.#areas = this.#areas.map((area) => ({ ...area }));
    return copy;
  }

  /** Index of the first area that ends after `page`. */
  #indexAfter(page: number): number {
    let low = 0;
    let high = this.#areas.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#areas[middle]!.end > page) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The area that holds `page`. */
  find(page: number): Area | undefined {
    const area = this.#areas[this.#indexAfter(page)];
    return area !== undefined && area.start <= page ? area : undefined;
  }

  /** The first area that ends after `page`: the one that holds it, or the next above. */
  atOrAbove(page: number): Area | undefined {
    return this.#areas[this.#indexAfter(page)];
  }

  /** The last area that ends at or below `page`. */
  below(page: number): Area | undefined {
    let index = this.#indexAfter(page) - 1;
    if (index >= 0 && this.#areas[index]!.end > page) index--;
    return this.#areas[index];
  }

  /** Is every page of the range mapped? */
  covers(start: number, end: number): boolean {
    let page = start;
    for (let index = this.#indexAfter(start); page < end; index++) {
      const area = this.#areas[index];
      if (area === undefined || area.start > page) return false;
      page = area.end;
    }
    return true;
  }

  /** Is no page of the range mapped? */
  isFree(start: number, end: number): boolean {
    const area = this.#areas[this.#indexAfter(start)];
    return area === undefined || area.start >= end;
  }

  /** The areas of the range, split so that each lies within it. */
  within(start: number, end: number): Area[] {
    this.#splitAt(start);
    this.#splitAt(end);
    const first = this.#indexAfter(start);
    let last = first;
    while (last < this.#areas.length && this.#areas[last]!.start < end) last++;
    return this.#areas.slice(first, last);
  }

  /** Puts in an area whose range is free, and joins it with like neighbours. */
  insert(area: Area): void {
    this.#areas.splice(this.#indexAfter(area.start), 0, area);
    this.join(area.start, area.end);
  }

  /** Takes out the range and returns what was there. */
  remove(start: number, end: number): Area[] {
    const removed = this.within(start, end);
    if (removed.length > 0) this.#areas.splice(this.#areas.indexOf(removed[0]!), removed.length);
    return removed;
  }

  /** Joins neighbours around the range that differ in nothing. */
  join(start: number, end: number): void {
    let index = Math.max(1, this.#indexAfter(Math.max(start - 1, 0)));
    while (index < this.#areas.length) {
      const left = this.#areas[index - 1]!;
      const right = this.#areas[index]!;
      if (left.end > end) break;
      if (isContinued(left, right)) {
        left.end = right.end;
        this.#areas.splice(index, 1);
      } else index++;
    }
  }

  /** Highest free range of `count` pages that ends at or below `top` and starts at or above `bottom`, or -1. */
  findFree(count: number, bottom: number, top: number): number {
    let ceiling = top;
    for (let index = this.#areas.length - 1; index >= 0; index--) {
      const area = this.#areas[index]!;
      if (area.start >= top) continue;
      if (area.end <= ceiling - count) break;
      ceiling = Math.min(ceiling, area.start);
    }
    return ceiling - count >= bottom ? ceiling - count : -1;
  }

  #splitAt(page: number): void {
    const index = this.#indexAfter(page);
    const area = this.#areas[index];
    if (area === undefined || area.start >= page) return;
    const upper: Area = { ...area, start: page, backingPage: area.backingPage + (page - area.start) };
    area.end = page;
    this.#areas.splice(index + 1, 0, upper);
  }
}

function isContinued(left: Area, right: Area): boolean {
  return (
    left.end === right.start &&
    left.prot === right.prot &&
    left.shared === right.shared &&
    left.growsDown === right.growsDown &&
    left.name === right.name &&
    left.backing === right.backing &&
    (left.backing === undefined || left.backingPage + (left.end - left.start) === right.backingPage)
  );
}
