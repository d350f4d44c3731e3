/** Texts as the service keeps them, and as it counts them: it would remove the same. */

// What is removed is the list of chalicelib/kernel/text.py; tests/web/test_text.py compares them.
const FEEDS = /[\v\f]/g;
const REMOVED = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\p{NChar}]/gu;
/** Of tags, those in a flag stay. */
const TAGS = /(\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f})|[\u{e0000}-\u{e007f}]/gu;
const SEPARATORS = /[\u2028\u2029]/g;
const INVISIBLE = /(?!\p{Cn})[\p{DI}\u2800]/gu;
const DASHES = /[\u2010-\u2015\u2212]/g;

/** Return a text without what nobody sees and what alters or hides what is seen. */
export function clean(text: string): string {
  const seen = text.replace(FEEDS, '\n').replace(REMOVED, '').replace(TAGS, '$1');
  return seen.normalize('NFC').replace(SEPARATORS, '\n');
}

/** Return an address without what nobody sees. */
export function cleanAddress(text: string): string {
  const seen = clean(text.replace(INVISIBLE, '').replace(FEEDS, ''));
  return seen.replace(/\r\n|[\t\n\r]/g, ' ').trim();
}

/** Return a number without what nobody sees, with digits, dashes and spaces of usual width. */
export function cleanNumber(text: string): string {
  const plain = clean(text.replace(INVISIBLE, '')).normalize('NFKC');
  return plain.replace(DASHES, '-').replace(/\s/g, ' ').trimStart();
}
