/** Ranges of bytes of a file. */

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Return ranges in their order, those joined that touch. */
export function merge(ranges: readonly Range[]): Range[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of [...ranges].sort((one, other) => one.start - other.start)) {
    const last = merged[merged.length - 1];
    if (end <= start) continue;
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** Return what a range has beside others, which must be merged. */
export function without(range: Range, others: readonly Range[]): Range[] {
  const left: Range[] = [];
  let at = range.start;
  for (let place = firstAfter(others, at); place < others.length; place++) {
    const other = others[place];
    if (!other || other.start >= range.end) break;
    if (other.start > at) left.push({ start: at, end: other.start });
    at = Math.max(at, other.end);
  }
  if (at < range.end) left.push({ start: at, end: range.end });
  return left;
}

/** Return whether a range has bytes in common with others, which must be merged. */
export function meets({ start, end }: Range, others: readonly Range[]): boolean {
  const first = others[firstAfter(others, start)];
  return start < end && first !== undefined && first.start < end;
}

/** Return the place of the first range that ends after `at`. */
function firstAfter(ranges: readonly Range[], at: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.end ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
