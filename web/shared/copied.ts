import { useState } from 'preact/hooks';

export type Copied = 'yes' | 'no' | null;

/** Whether a text was copied, null before; and what copies it. */
export function useCopied(text: string): [Copied, () => void] {
  const [copied, setCopied] = useState<Copied>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied('yes');
    } catch {
      // There is no clipboard, or the browser does not let the page have it.
      setCopied('no');
    }
  };
  return [copied, () => void copy()];
}
