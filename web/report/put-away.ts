/**
 * What leaving does with what is on this phone: it goes under the word that the person chose, or from
 * the phone. What is on its way stays, unseen, until it has arrived.
 *
 * A mark says that it is still to be done: a page that is killed meanwhile leaves that to the next one,
 * which does it before it shows anything.
 */
import {
  draftChanges,
  eraseAll,
  keepKey,
  type KeptDraft,
  type KeptText,
  putBack,
  readBegun,
} from './draft.ts';
import type { Form } from './form.ts';
import { allDone } from './once.ts';
import type { Outbox } from '../../sdk/outbox/types.ts';

/** What is kept under a word, but for the bytes of its files, which follow in the same order. */
interface Index {
  readonly drafts: readonly {
    readonly id: string;
    readonly at: number;
    readonly form: Form;
    /** What an earlier version of this page has kept has no `lastModified`. */
    readonly files: readonly (Pick<File, 'name' | 'type' | 'size'> & { lastModified?: number })[];
  }[];
  readonly texts: readonly KeptText[];
  readonly entries: readonly unknown[];
}

/** A key of `localStorage`, and a lock. */
const LEFT = 'tipline-left';

/** A program that the first screen does not wait for. */
const safe = () => import('./safe.ts');

const lasts: (() => Promise<unknown>)[] = [];

/** Do something before what is begun is put away, such as keeping its last words. */
export function beforeLeaving(act: () => Promise<unknown>): void {
  lasts.push(act);
}

/** Return whether a page that was left has not put everything away. */
export function isLeft(): boolean {
  try {
    return localStorage.getItem(LEFT) !== null;
  } catch {
    return false; // forbidden, so it was never set
  }
}

/** Note that all is still to be put away. */
export function markLeft(on: boolean): void {
  try {
    if (on) localStorage.setItem(LEFT, '');
    else localStorage.removeItem(LEFT);
  } catch {
    // No room for it, or forbidden.
  }
}

/** Leave on the phone what each visit leaves. */
export async function leaveAsEachVisit(): Promise<void> {
  // Not without a network, databases or room.
  await safe()
    .then(({ prepare }) => prepare())
    .catch(() => undefined);
}

/** Finish what must not be lost: words that are not kept yet, and what was given to the outbox. */
export async function finishWork(): Promise<void> {
  await Promise.all(lasts.map((act) => act()));
  await allDone();
}

/** Put away all that is begun, and what the outbox has. Another window may be doing the same. */
export async function putAway(box: Outbox): Promise<void> {
  const { locks } = navigator as Partial<Navigator>;
  const isDone = await (locks ? locks.request(LEFT, () => putAwayAlone(box)) : putAwayAlone(box));
  if (isDone) markLeft(false);
}

async function putAwayAlone(box: Outbox): Promise<boolean> {
  const { drafts, texts, key } = await readBegun();
  await box.leave(async (entries) => {
    if (key) await keepUnder(key, drafts, texts, entries);
  });
  const isErased = await eraseAll();
  // Another window may have kept something meanwhile.
  const left = await readBegun();
  return isErased && left.drafts.length + left.texts.length === 0;
}

async function keepUnder(
  key: CryptoKey,
  drafts: readonly KeptDraft[],
  texts: readonly KeptText[],
  entries: readonly unknown[],
): Promise<void> {
  const { fitting, seal } = await safe();
  const indexOf = (most: number): string => {
    let left = most;
    const index: Index = {
      drafts: drafts.map(({ id, at, form, files }) => {
        const kept = files.slice(0, left);
        left -= kept.length;
        const named = kept.map(({ name, type, size, lastModified }) => ({ name, type, size, lastModified }));
        return { id, at, form, files: named };
      }),
      texts,
      entries,
    };
    return JSON.stringify(index);
  };
  const files = drafts.flatMap((draft) => draft.files);
  const most = fitting(indexOf(files.length), files);
  await seal(key, indexOf(most), files.slice(0, most));
}

/**
 * From now on leaving keeps what is begun under a word; what is there already under the same word is
 * begun again. Return whether there was something.
 */
export async function chooseWord(word: string, box: Outbox | null): Promise<boolean> {
  const key = await (await safe()).keyOf(word);
  const wasThere = await bringBack(key, box);
  if (!wasThere) await keepKey(key);
  return wasThere;
}

/** Bring back what is kept under a word. Return whether there was something. */
export async function openWord(word: string, box: Outbox | null): Promise<boolean> {
  return bringBack(await (await safe()).keyOf(word), box);
}

async function bringBack(key: CryptoKey, box: Outbox | null): Promise<boolean> {
  const { seal, unseal } = await safe();
  const found = await unseal(key);
  if (!found) return false;
  const [index, bytes] = found;
  if (index) {
    const { drafts, texts, entries } = JSON.parse(index) as Index;
    let at = 0;
    for (const draft of drafts) {
      const files = draft.files.map(({ name, size, ...how }) => {
        at += size;
        return new File([bytes.slice(at - size, at)], name, how);
      });
      await putBack({ ...draft, files });
    }
    for (const text of texts) await putBack(text);
    await box?.comeBack(entries);
  }
  // Only now: a page that is killed before finds all of it there the next time.
  await keepKey(key);
  await seal(key, '', []);
  draftChanges.value += 1;
  return index !== '';
}
