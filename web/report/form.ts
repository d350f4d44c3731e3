/** A report while it is written: what the page holds, its faults, and what is sent of it. */
import { detailsOf, digits, lengthOf, oneLine, type Question, worded } from '../shared/answers.ts';
import type { Schemas } from '../shared/api.ts';
import { parted } from '../shared/language.ts';
import type { ReportBody } from '../../sdk/outbox/types.ts';
import { cleanAddress } from '../../sdk/text.ts';
import { isTooOld, toLocal, toRfc3339 } from '../shared/time.ts';

export type Category = Schemas['Category'];
export type Limits = Schemas['Limits'];
export type Location = Schemas['Location'];

export interface Contact {
  readonly name: string;
  readonly phone: string;
  readonly email: string;
}

/**
 * Where it was: not said, where the phone is but not found (yet), an area that is still to be picked,
 * where the phone is, or an area.
 */
export type Place =
  | { readonly kind: 'none' }
  | { readonly kind: 'unfound' }
  | { readonly kind: 'unpicked' }
  | { readonly kind: 'here'; readonly lat: number; readonly lon: number; readonly accuracy: number }
  | {
      readonly kind: 'area';
      readonly code: string;
      readonly label: string;
      readonly lat: number;
      readonly lon: number;
      readonly reach: number;
    };

/** The bulletin that a lead is about. */
export interface Subject {
  readonly id: string;
  readonly title: string;
  readonly channel: string;
  /** The address of its first picture; a draft of an earlier page has none. */
  readonly picture?: string | undefined;
}

export interface Form {
  readonly category: string;
  readonly bulletin: Subject | null;
  /** It is about a police officer: no station is to see it. */
  readonly concernsPolice: boolean;
  readonly text: string;
  readonly keepMetadata: boolean;
  /** The files that go uncut, as `fileKey` names them. */
  readonly uncut: readonly string[];
  readonly place: Place;
  readonly address: string;
  readonly when: string;
  /** What was answered, by the name of the question, as its field has it. */
  readonly answers: Readonly<Record<string, string>>;
  readonly contact: Contact;
}

/** What is wrong with a field. `field` is as the API names it. */
export interface Fault {
  readonly field: string;
  readonly fault:
    | 'needs'
    | 'needsCategory'
    | 'closedCategory'
    | 'long'
    | 'range'
    | 'time'
    | 'past'
    | 'future'
    | 'badPhone'
    | 'badEmail'
    | 'whole';
  readonly least?: number;
  readonly most?: number;
}

const PHONE = /^[+0-9][0-9 ()-]{3,24}$/;
const EMAIL = /^[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;
const AHEAD_MS = 24 * 3600 * 1000;
const ADDRESS_MAX = 200;
const NAME_MAX = 100;
// A report may have 256 KiB. The rest is for the declared media and the signs of JSON.
const BYTES_MAX = 240 * 1024;

export function emptyForm(category = '', bulletin: Subject | null = null): Form {
  return {
    category,
    bulletin,
    concernsPolice: false,
    text: '',
    keepMetadata: false,
    uncut: [],
    place: { kind: 'none' },
    address: '',
    when: '',
    answers: {},
    contact: { name: '', phone: '', email: '' },
  };
}

/** Return whether something was entered that would be a pity to lose. */
export function isBegun(form: Form, files: number): boolean {
  return (
    files > 0 ||
    isPlaced(form.place) ||
    [form.text, form.when, ...Object.values(form.answers), ...Object.values(form.contact)].some(
      (value) => value.trim() !== '',
    )
  );
}

/** Return whether a place is said. */
export function isPlaced(
  place: Place,
): place is Exclude<Place, { readonly kind: 'none' | 'unfound' | 'unpicked' }> {
  return place.kind === 'here' || place.kind === 'area';
}

/** Return whether a place is wanted that is not found or picked yet. The report goes without it. */
export function isPlaceless({ kind }: Place): boolean {
  return kind === 'unfound' || kind === 'unpicked';
}

/** Return what must be corrected before a report is sent, in the order of the page. */
export function faultsOf(
  form: Form,
  files: number,
  category: Category | undefined,
  limits: Limits,
  now: Date,
): readonly Fault[] {
  const faults: Fault[] = [];
  if (!form.category) faults.push({ field: 'category', fault: 'needsCategory' });
  else if (category && !isOpen(category)) faults.push({ field: 'category', fault: 'closedCategory' });
  if (!worded(form.text) && files === 0) faults.push({ field: 'text', fault: 'needs' });
  if (lengthOf(form.text) > limits.text_max) {
    faults.push({ field: 'text', fault: 'long', most: limits.text_max });
  }
  if (lengthOf(form.address) > ADDRESS_MAX) {
    faults.push({ field: 'location.address', fault: 'long', most: ADDRESS_MAX });
  }
  if (form.when) faults.push(...timeFaults('occurred_at', form.when, now));
  for (const question of category?.details ?? []) {
    faults.push(...questionFaults(question, form.answers[question.name] ?? ''));
  }
  faults.push(...contactFaults(form.contact));
  const bytes = new TextEncoder().encode(JSON.stringify(contentOf(form, category))).length;
  if (faults.length === 0 && bytes > BYTES_MAX) faults.push({ field: 'text', fault: 'whole' });
  return faults;
}

/** Return what is sent of a form. What was not said is left out. */
export function contentOf(form: Form, category: Category | undefined): ReportBody {
  const text = worded(form.text);
  const location = locationOf(form.place, form.address);
  const occurredAt = form.when ? toRfc3339(form.when) : null;
  const questions = category?.details ?? [];
  const when = questions.some(isWhen) && form.when ? { time: form.when } : {};
  const details = detailsOf({ ...form.answers, ...when }, questions);
  const contact = contactOf(form.contact);
  return {
    category: form.category,
    ...(text ? { text } : {}),
    ...(form.bulletin ? { bulletin_id: form.bulletin.id } : {}),
    ...(form.concernsPolice ? { concerns_police: true } : {}),
    ...(location ? { location } : {}),
    ...(occurredAt ? { occurred_at: occurredAt } : {}),
    ...(Object.keys(details).length > 0 ? { details } : {}),
    ...(contact ? { contact } : {}),
  };
}

/** Return the form that a report was made of, to correct it. An area comes back as a place. */
export function formOf(report: ReportBody, keepMetadata: boolean): Form {
  const { location, contact } = report;
  const answers = Object.entries(report.details ?? {}).map(([name, value]) => [
    name,
    typeof value === 'boolean' ? (value ? 'yes' : 'no') : answerOf(String(value)),
  ]);
  return {
    ...emptyForm(report.category, report.bulletin_id ? { id: report.bulletin_id, title: '', channel: '' } : null),
    concernsPolice: report.concerns_police ?? false,
    text: report.text ?? '',
    keepMetadata,
    place: location
      ? { kind: 'here', lat: location.lat, lon: location.lon, accuracy: location.accuracy_m ?? 0 }
      : { kind: 'none' },
    address: location?.address ?? '',
    when: report.occurred_at ? toLocal(new Date(report.occurred_at)) : '',
    answers: Object.fromEntries(answers) as Record<string, string>,
    contact: {
      name: contact?.name ?? '',
      phone: contact?.phone ?? '',
      email: contact?.email ?? '',
    },
  };
}

/** Return whether a question is when it was: the page asks that itself, and asks it once. */
export function isWhen({ name, type }: Question): boolean {
  return name === 'time' && type === 'time';
}

/** Return whether its reports may be urgent: then the place matters most. */
export function isUrgent(category: Category | undefined): boolean {
  return category !== undefined && (category.emergency || category.urgency !== 'normal');
}

export function isOpen(category: Category): boolean {
  return category.state === 'active' || category.state === 'shadow';
}

/** A time is shown again as its field has it. */
function answerOf(value: string): string {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:/.test(value) ? toLocal(new Date(value)) : value;
}

function locationOf(place: Place, address: string): Location | null {
  if (!isPlaced(place)) return null;
  const said = oneLine(address);
  if (place.kind === 'here') {
    return {
      lat: round(place.lat),
      lon: round(place.lon),
      datum: 'wgs84',
      accuracy_m: Math.min(Math.ceil(place.accuracy), 100_000),
      ...(said ? { address: said } : {}),
    };
  }
  return {
    lat: round(place.lat),
    lon: round(place.lon),
    datum: 'wgs84',
    accuracy_m: Math.min(Math.ceil(place.reach), 100_000),
    address: [...parted([place.label, said])].slice(0, ADDRESS_MAX).join(''),
  };
}

/** Six digits behind the point are a tenth of a metre: more says nothing. */
function round(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}

function questionFaults(question: Question, typed: string): readonly Fault[] {
  const field = `details.${question.name}`;
  const answer = worded(typed);
  if (!answer) return [];
  if (question.type === 'integer') {
    const number = digits(answer);
    const right =
      /^\d{1,9}$/.test(number) &&
      Number(number) >= question.minimum &&
      Number(number) <= question.maximum;
    return right
      ? []
      : [{ field, fault: 'range', least: question.minimum, most: question.maximum }];
  }
  if (question.type === 'text' && lengthOf(answer) > question.max_length) {
    return [{ field, fault: 'long', most: question.max_length }];
  }
  if (question.type === 'time' && toRfc3339(answer) === null) {
    return [{ field, fault: isTooOld(answer) ? 'past' : 'time' }];
  }
  return [];
}

function timeFaults(field: string, local: string, now: Date): readonly Fault[] {
  const time = toRfc3339(local);
  if (time === null) return [{ field, fault: isTooOld(local) ? 'past' : 'time' }];
  return Date.parse(time) > now.getTime() + AHEAD_MS ? [{ field, fault: 'future' }] : [];
}

function contactFaults(contact: Contact): readonly Fault[] {
  const faults: Fault[] = [];
  const { name, phone, email } = trimmed(contact);
  if (lengthOf(name) > NAME_MAX) faults.push({ field: 'contact.name', fault: 'long', most: NAME_MAX });
  if (phone && !PHONE.test(phone)) faults.push({ field: 'contact.phone', fault: 'badPhone' });
  if (email && !EMAIL.test(email)) faults.push({ field: 'contact.email', fault: 'badEmail' });
  return faults;
}

function contactOf(contact: Contact): Schemas['Contact'] | null {
  const { name, phone, email } = trimmed(contact);
  if (!name && !phone && !email) return null;
  return { ...(name ? { name } : {}), ...(phone ? { phone } : {}), ...(email ? { email } : {}) };
}

function trimmed({ name, phone, email }: Contact): Contact {
  return { name: oneLine(name), phone: digits(phone), email: cleanAddress(email) };
}
