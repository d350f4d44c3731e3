/** What an entry of the history says, in lines. */

import { labelled } from '../../shared/joined.ts';
import type { Names } from '../names.ts';
import type { Agency, Medium, ReportEvent } from '../types.ts';
import { agencyName } from './agencies.ts';
import { wordFor } from '../words.ts';
import { picturesOf } from './pictures.ts';
import { reportTexts } from './texts.ts';
import { valueText } from './values.ts';

type Detail = NonNullable<ReportEvent['detail']>;
type Change = NonNullable<Detail['fields']>[string];

/** What an entry names by a code. */
export interface Known {
  agencies: readonly Agency[];
  media: readonly Medium[];
}

/** Return the lines of an entry, in the language of the screen. */
export function linesOf(
  { by, detail }: ReportEvent,
  names: Names,
  { agencies, media }: Known,
): string[] {
  if (detail === null) return [];
  const { history: t, conflict } = reportTexts();
  const lines = Object.entries(detail.fields ?? {}).map(([field, { old, new: now }]) => {
    const name = conflict.fields[field] ?? field;
    return labelled(name, `${said(field, old, names)} → ${said(field, now, names)}`);
  });
  if (detail.referral !== undefined) {
    const step = wordFor(t.referralSteps, detail.referral);
    lines.push(t.referral(agencyName(agencies, detail.agency ?? ''), step));
  }
  if (detail.media_id !== undefined) {
    const step = detail.redaction && wordFor(t.redactionSteps, detail.redaction);
    const name = pictureName(media, detail.media_id);
    lines.push(step ? labelled(name, step) : name);
  }
  if (detail.files !== undefined) lines.push(t.files(detail.files.length));
  lines.push(...momentsOf(detail, by));
  if (detail.reason !== undefined) lines.push(t.because(detail.reason));
  return lines;
}

/** Return what a picture is called above its others; a recording has no number. */
function pictureName(media: readonly Medium[], id: string): string {
  const { media: t, history } = reportTexts();
  const pictures = picturesOf(media);
  const number = pictures.findIndex((picture) => picture.id === id) + 1;
  return number > 0 ? t.picture(number, pictures.length) : history.file;
}

function momentsOf(detail: Detail, by: string): string[] {
  const { moments: t } = reportTexts().history;
  const lines: string[] = [];
  for (const step of ['asked', 'approved', 'lift_asked', 'lifted', 'ended'] as const) {
    if (detail[step]) lines.push(t[step]);
  }
  if (detail.lift_declined) {
    lines.push(detail.asked_by === by ? t.lift_taken_back : t.lift_declined);
  }
  if (detail.followed !== undefined) lines.push(detail.followed ? t.followed : t.unfollowed);
  if (detail.muted !== undefined) lines.push(detail.muted ? t.muted : t.unmuted);
  return lines;
}

function said(field: string, value: Change['old'], names: Names): string {
  if (value !== null && typeof value === 'object') {
    return `${valueText('disposition', value.disposition, names)} (${names.officer(value.by)})`;
  }
  return valueText(field, value, names);
}
