/**
 * Work that is done once at a time, also when the screen that began it was left: it goes on then, and
 * the button of a screen that is opened anew knows nothing of it.
 */
import { signal } from '@preact/signals';

/** What goes on: whoever leaves the page waits for it. */
const going = new Set<Promise<unknown>>();

const names = signal<ReadonlySet<string>>(new Set());

/** Return whether work of this name goes on. */
export function goesOn(name: string): boolean {
  return names.value.has(name);
}

/** Do work. Nothing, while other work of this name goes on. */
export async function once(name: string, work: () => Promise<void>): Promise<void> {
  if (names.peek().has(name)) return;
  names.value = new Set([...names.peek(), name]);
  try {
    await noted(work());
  } finally {
    names.value = new Set([...names.peek()].filter((one) => one !== name));
  }
}

/** Take note of work that must not end with the page. */
export async function noted<T>(work: Promise<T>): Promise<T> {
  going.add(work);
  try {
    return await work;
  } finally {
    going.delete(work);
  }
}

/** It resolves when all such work is done. */
export async function allDone(): Promise<void> {
  while (going.size > 0) await Promise.all([...going].map((work) => work.catch(() => undefined)));
}
