/**
 * Work that is done once at a time, also when the screen that began it was left: it goes on then, and
 * the button of a screen that is opened anew knows nothing of it.
 */
import { signal } from '@preact/signals';

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
    await work();
  } finally {
    names.value = new Set([...names.peek()].filter((one) => one !== name));
  }
}
