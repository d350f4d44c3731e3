/** Readings that a record has one after the other, as one line: the steps among them are found at once. */

// A page that is shown anew after each step is still one look at it.
const APART_MS = 5 * 60_000;

interface Recorded {
  at: string;
  by: string;
  action: string;
  detail: { reason?: unknown; part?: string } | null;
  verified: boolean;
}

export interface Folded<T> {
  item: T;
  /** When the last of them was. */
  until: string;
  /** How often it was read. Reading the record itself is not counted beside another reading. */
  count: number;
}

/**
 * Return the entries in their order, readings of one officer within a few minutes folded into their
 * first. A step stays, and so does a reading for a reason and one that was altered.
 */
export function folded<T extends Recorded>(items: readonly T[]): Folded<T>[] {
  const lines: Folded<T>[] = [];
  const latest = new Map<string, Folded<T>>();
  for (const item of items) {
    const key = `${item.action} ${item.by}`;
    const line = isReading(item) ? latest.get(key) : undefined;
    if (line && Date.parse(item.at) - Date.parse(line.until) <= APART_MS) {
      line.until = item.at;
      line.count += counted(item);
      continue;
    }
    const next = { item, until: item.at, count: counted(item) };
    lines.push(next);
    if (isReading(item)) latest.set(key, next);
  }
  return lines;
}

function isReading({ action, verified, detail }: Recorded): boolean {
  return (action === 'open' || action === 'list') && verified && detail?.reason === undefined;
}

function counted({ detail }: Recorded): number {
  return detail?.part === 'history' ? 0 : 1;
}
