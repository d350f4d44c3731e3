/** A category that an admin adds: the form's fields, and the body that they make. */

import type { Schemas } from '../types.ts';

export type NewCategory = Schemas['NewCategory'];
type NewField = NonNullable<NewCategory['details']>[number];
export type FieldType = NewField['type'];
export type Urgency = Schemas['UrgencyCode'];

export const LANGUAGES = ['zh', 'en'] as const;
const CODE = /^[a-z][a-z0-9_]{0,39}$/;

export type Labels = Record<string, string>;

export interface Question {
  name: string;
  labels: Labels;
  type: FieldType;
  most: number;
  minimum: number;
  maximum: number;
  /** A line for each option: code, Chinese, English. */
  options: string;
}

export interface Written {
  code: string;
  labels: Labels;
  urgency: Urgency;
  emergency: boolean;
  blur: boolean;
  questions: Question[];
}

export const NEW_QUESTION: Question = {
  name: '',
  labels: {},
  type: 'text',
  most: 200,
  minimum: 0,
  maximum: 100,
  options: '',
};

export const NEW_CATEGORY: Written = {
  code: '',
  labels: {},
  urgency: 'normal',
  emergency: false,
  blur: false,
  questions: [],
};

export function categoryOf(form: Written): NewCategory {
  return {
    code: form.code,
    labels: form.labels,
    urgency: form.urgency,
    emergency: form.emergency,
    blur: form.blur,
    details: form.questions.map(fieldOf),
  };
}

export interface Mistake {
  /** A language for the name in it. */
  field: 'code' | (typeof LANGUAGES)[number] | 'maximum' | 'options';
  /** That of a question, from 1. */
  question?: number;
}

/** Return what is missing or wrong, in the order of the form. */
export function mistakesIn(form: Written): Mistake[] {
  return [
    ...namingMistakes(form.code, form.labels),
    ...form.questions.flatMap((question, index) =>
      [...namingMistakes(question.name, question.labels), ...boundMistakes(question)].map(
        ({ field }) => ({ field, question: index + 1 }),
      ),
    ),
  ];
}

/** Return the id of the field that a mistake is about. */
export function idOf({ field, question }: Mistake): string {
  return question === undefined ? `category-${field}` : `question-${question}-${field}`;
}

/** Return the options of a choice; null for a line that is not code, Chinese and English. */
export function optionsOf(lines: string): { code: string; labels: Labels }[] | null {
  const options = lines
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => line.split(/[,，]/).map((part) => part.trim()))
    .map(([code = '', zh = '', en = '', ...more]) => ({ code, labels: { zh, en }, more }));
  const isGood = options.every(
    ({ code, labels, more }) => CODE.test(code) && isWhole(labels) && more.length === 0,
  );
  return isGood && options.length > 0
    ? options.map(({ code, labels }) => ({ code, labels }))
    : null;
}

function fieldOf(question: Question): NewField {
  const { name, labels } = question;
  switch (question.type) {
    case 'text':
      return { name, labels, type: 'text', max_length: question.most };
    case 'integer':
      return { name, labels, type: 'integer', minimum: question.minimum, maximum: question.maximum };
    case 'choice':
      return { name, labels, type: 'choice', options: optionsOf(question.options) ?? [] };
    case 'boolean':
    case 'time':
      return { name, labels, type: question.type };
  }
}

function namingMistakes(code: string, labels: Labels): Mistake[] {
  return [
    ...(CODE.test(code) ? [] : [{ field: 'code' } as const]),
    ...LANGUAGES.filter((language) => !labels[language]?.trim()).map((field) => ({ field })),
  ];
}

function boundMistakes({ type, minimum, maximum, options }: Question): Mistake[] {
  if (type === 'integer' && minimum > maximum) return [{ field: 'maximum' }];
  return type === 'choice' && optionsOf(options) === null ? [{ field: 'options' }] : [];
}

function isWhole(labels: Labels): boolean {
  return LANGUAGES.every((language) => labels[language]?.trim());
}
