/** What the values of a report's fields are called on a screen. */

import { useEffect, useState } from 'preact/hooks';

import { language } from '../../shared/language.ts';
import { clock, day } from '../../shared/time.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { isVague } from '../map/shapes.ts';
import type { Names } from '../names.ts';
import type { Agency, Api, Report } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { reportTexts } from './texts.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Return the words for a value of a field; a dash for none. */
export function valueText(field: string, value: string | null | undefined, names: Names): string {
  if (value === null || value === undefined || value === '') return '–';
  const w = words();
  switch (field) {
    case 'status':
      return wordFor(w.status, value);
    case 'urgency':
      return wordFor(w.urgency, value);
    case 'disposition':
      return wordFor(w.disposition, value);
    case 'category':
    case 'first_category':
      return names.category(value);
    case 'district':
      return names.district(value);
    case 'assignee':
      return names.officer(value);
    case 'gist':
      return reportTexts().gist.written;
    case 'review_on':
      return day(value);
    case 'reminder': {
      const [on = '', what = ''] = value.split(' ');
      return `${wordFor(w.due, what)} ${day(on)}`;
    }
    default:
      return TIME.test(value) ? clock(value) : value;
  }
}

/** Return the words for an answer of the category's form. */
export function answerText(value: boolean | number | string, label: string | undefined): string {
  if (label !== undefined) return label;
  if (typeof value === 'boolean') return value ? words().yes : words().no;
  return typeof value === 'string' && TIME.test(value) ? clock(value) : String(value);
}

/** The agencies that reports are passed on to, in the language of the screen. */
// A report and its history both name them; each call is on record.
const read = new WeakMap<Api, Map<string, Promise<Agency[]>>>();

export function useAgencies(): Agency[] {
  const { api } = useDesk();
  const [agencies, setAgencies] = useState<Agency[]>([]);
  const spoken = language.value;
  useEffect(() => {
    let isWanted = true;
    void ask(api, spoken).then((found) => isWanted && setAgencies(found));
    return () => {
      isWanted = false;
    };
  }, [api, spoken]);
  return agencies;
}

/** Return what an agency is called; its code until that is known. */
export function agencyName(agencies: readonly Agency[], code: string): string {
  return agencies.find((one) => one.code === code)?.label ?? code;
}

function ask(api: Api, spoken: string): Promise<Agency[]> {
  const asked = read.get(api) ?? new Map<string, Promise<Agency[]>>();
  read.set(api, asked);
  const before = asked.get(spoken);
  if (before) return before;
  const call = outcomeOf(api.GET('/v1/officer/agencies')).then((outcome) => {
    if (outcome.ok) return outcome.data.items;
    asked.delete(spoken);
    return [];
  });
  asked.set(spoken, call);
  return call;
}

/** Return a distance as people say it: no finer than it is known. */
export function distance(metres: number): string {
  const { place } = reportTexts();
  if (metres < 100) return place.metres(Math.round(metres));
  if (metres < 1000) return place.metres(Math.round(metres / 10) * 10);
  return place.kilometres(Math.round(metres / 100) / 10);
}

const METRES_PER_DEGREE = 111_320;

/** Return how many metres lie between two places of a city. */
export function metresBetween(one: NonNullable<Report['place']>, other: typeof one): number {
  const east = (one.lon - other.lon) * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(one.lat - other.lat, east) * METRES_PER_DEGREE;
}

/** Return what is said of a place that is no point, such as a district; null for one that is. */
export function aboutText(metres: number | undefined): string | null {
  if (metres === undefined || !isVague({ within: metres })) return null;
  return reportTexts().place.about(distance(metres));
}
