/** How pieces of text are joined in the language of the page: each has signs of its own. */
import { language } from './language.ts';

/** Return the sign between a name and what it names. */
export function colon(): string {
  return language.value === 'zh' ? '：' : ': ';
}

/** Return the parts as a list within a line. */
export function listed(parts: readonly string[]): string {
  return parts.join(language.value === 'zh' ? '、' : ', ');
}

/** Return the parts of a place, or others that belong together, within a line. */
export function parted(parts: readonly string[]): string {
  return parts.filter(Boolean).join(language.value === 'zh' ? '，' : ', ');
}

/** Return sentences, or a question and its answer, one after another. */
export function sentences(...parts: readonly string[]): string {
  return parts.filter(Boolean).join(gap());
}

/** Return what stands between two sentences: a full stop of Chinese has its room already. */
export function gap(): string {
  return language.value === 'zh' ? '' : ' ';
}

/** Return a text with the name of what it is about before it. A name may be a question. */
export function labelled(label: string, text: string): string {
  return /[?？]$/.test(label) ? sentences(label, text) : `${label}${colon()}${text}`;
}
