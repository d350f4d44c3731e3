/** Faults as people read them, each with the id of its field on the page. */
import { type Attachment, type FileFault, fileName, showSize } from '../attachment.ts';
import type { Category, Fault } from '../form.ts';
import type { Unacceptable } from '../../../sdk/outbox/types.ts';
import { catalogue } from '../catalogue.ts';
import { write } from './texts.ts';

export interface FieldError {
  readonly field?: string;
  /** What the field is called. */
  readonly label?: string | undefined;
  readonly text: string;
}

/** Return the id on the page of a field of the API, such as `details.age` or `location.lat`. */
export function fieldId(field: string): string {
  const [first = '', second = ''] = field.split('.');
  if (first === 'location') return second === 'address' ? 'field-address' : 'field-place';
  if (first === 'media' || first === 'bulletin_id') return 'field-media';
  return `field-${[first, second].filter(Boolean).join('-')}`;
}

export function fileId(id: number | ''): string {
  return `field-file-${id}`;
}

/** Return what is wrong with a field of the API, or null. */
export function errorOf(errors: readonly FieldError[], field: string): string | null {
  return errors.find((error) => error.field === fieldId(field))?.text ?? null;
}

export function errorsOf(
  faults: readonly Fault[],
  files: readonly FileFault[],
): readonly FieldError[] {
  return [
    ...faults.map((fault) => ({ field: fieldId(fault.field), text: wordsOf(fault) })),
    ...files.map((fault) => ({ field: fileId(fault.id), text: fileWords(fault) })),
  ];
}

/** Return the errors of the page for its summary: each with the name of its field, in their order. */
export function summary(
  errors: readonly FieldError[],
  category: Category | undefined,
  files: readonly Attachment[],
): readonly FieldError[] {
  const text = write();
  const labels: Record<string, string> = {
    'field-category': text.category,
    'field-concerns_police': text.police,
    'field-media': text.media,
    'field-text': text.text,
    'field-place': text.where,
    'field-address': text.address,
    'field-occurred_at': text.when,
    'field-contact-name': text.name,
    'field-contact-phone': text.phone,
    'field-contact-email': text.email,
  };
  for (const { name, label } of category?.details ?? []) labels[fieldId(`details.${name}`)] = label;
  for (const [at, { id, file }] of files.entries()) labels[fileId(id)] = fileName(file, at + 1);
  return errors
    .filter(({ field = '' }) => !isFile(field) || field in labels)
    .map((error) => ({ label: labels[error.field ?? ''], ...error }))
    .sort((one, other) => rank(one) - rank(other));
}

/** Where the field of an error is on the page: first the category, then the files. */
function rank({ field = '' }: FieldError): number {
  if (field === fieldId('category') || field === fieldId('concerns_police')) return 0;
  if (field === fieldId('media') || isFile(field)) return 1;
  return 2;
}

function isFile(field: string): boolean {
  return field.startsWith(fileId(''));
}

export function fileWords({ fault, most = 0 }: FileFault): string {
  const text = write();
  if (fault === 'large') return text.large(showSize(most));
  return fault === 'many' ? text.surplus : text[fault];
}

/** Return what the outbox found wrong with a draft and its files. */
export function unacceptable(
  { code, file }: Unacceptable,
  files: readonly Attachment[],
): FieldError {
  const text = write();
  const limits = catalogue.value?.limits;
  const id = file === undefined ? undefined : files[file]?.id;
  const field = id === undefined ? 'field-media' : fileId(id);
  switch (code) {
    case 'empty_report':
      return { field: 'field-text', text: text.needs };
    case 'bad_characters':
      return { field: 'field-text', text: text.halves };
    case 'report_too_large':
      return { field: 'field-text', text: text.whole };
    case 'too_many_files':
      return { field: 'field-media', text: text.many(limits?.media_per_report ?? 10) };
    case 'files_too_large':
      return {
        field: 'field-media',
        text: text.together(showSize(limits?.media_bytes_per_report ?? 500 << 20)),
      };
    case 'file_empty':
      return { field, text: text.empty };
    case 'file_too_large':
      return { field, text: text.large(showSize(mostBytes())) };
    case 'file_type':
    case 'file_unreadable':
      return { field, text: code === 'file_type' ? text.kind : text.unreadable };
  }
}

function mostBytes(): number {
  return Math.max(0, ...(catalogue.value?.limits.media.map((one) => one.max_bytes) ?? []));
}

function wordsOf({ fault, least = 0, most = 0 }: Fault): string {
  const text = write();
  switch (fault) {
    case 'long':
      return text.long(most);
    case 'range':
      return text.range(least, most);
    default:
      return text[fault];
  }
}
