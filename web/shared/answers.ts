/** What is answered to the questions of a category's form, from what was typed to what is sent. */

import { clean, cleanNumber } from '../../sdk/text.ts';
import type { Schemas } from './api.ts';
import { toRfc3339 } from './time.ts';

export type Question = Schemas['Category']['details'][number];
export type Details = Record<string, string | number | boolean>;

/** Return the `details` of a report. What was not answered is left out. */
export function detailsOf(
  answers: Readonly<Record<string, string>>,
  questions: readonly Question[],
): Details {
  const details: Details = {};
  for (const question of questions) {
    const answer = worded(answers[question.name] ?? '');
    if (!answer) continue;
    const value = valueFor(question, answer);
    if (value !== null) details[question.name] = value;
  }
  return details;
}

/** Return what was typed as the API keeps it, without blanks around it. */
export function worded(typed: string): string {
  return clean(typed).trim();
}

/** Return a text's length as the API counts it: in characters, not in UTF-16 units. */
export function lengthOf(text: string): number {
  return [...worded(text)].length;
}

/** Return a text without line breaks. */
export function oneLine(text: string): string {
  return worded(text).replace(/\s*[\r\n\t]+\s*/g, ', ');
}

/** Return what was typed with the digits of ASCII: Chinese keyboards have wide ones, too. */
export function digits(typed: string): string {
  return cleanNumber(typed).trim();
}

function valueFor(question: Question, answer: string): string | number | boolean | null {
  switch (question.type) {
    case 'integer':
      return Number(digits(answer));
    case 'boolean':
      return answer === 'yes';
    case 'time':
      return toRfc3339(answer);
    case 'text':
      // The API keeps line breaks only where more than 200 characters fit.
      return question.max_length > 200 ? answer : oneLine(answer);
    default:
      return answer;
  }
}
