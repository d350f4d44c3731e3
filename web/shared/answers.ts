/** What is answered to the questions of a category's form, from what was typed to what is sent. */

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
    const answer = answers[question.name]?.trim();
    if (!answer) continue;
    const value = valueFor(question, answer);
    if (value !== null) details[question.name] = value;
  }
  return details;
}

/** Return a text without line breaks. */
export function oneLine(text: string): string {
  return text.replace(/\s*[\r\n\t]+\s*/g, ', ').trim();
}

/** Return what was typed with the digits of ASCII: Chinese keyboards have wide ones, too. */
export function digits(typed: string): string {
  return typed.normalize('NFKC');
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
      // The API takes line breaks only where more than 200 characters fit.
      return question.max_length > 200 ? answer : oneLine(answer);
    default:
      return answer;
  }
}
