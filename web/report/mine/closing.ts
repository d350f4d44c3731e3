/** What is said when a report is closed: whether its receipt is still on this device. */
import type { Entry } from '../outbox/types.ts';

type Holder = Pick<Entry, 'receipt' | 'confirmed' | 'category'>;

/**
 * Return why a receipt is still on this device; null if it is not. Until the person says that they
 * have it, or else as long as files are not sent.
 */
export function whyKept(
  entries: readonly Holder[],
  receipt: string | null,
): 'unconfirmed' | 'files' | null {
  const holders = entries.filter((entry) => receipt !== null && entry.receipt === receipt);
  if (holders.length === 0) return null;
  // Files that are added later have no category, and nothing to confirm.
  const isAsked = holders.some(({ category, confirmed }) => category !== '' && !confirmed);
  return isAsked ? 'unconfirmed' : 'files';
}
