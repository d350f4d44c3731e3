/** What an entry of the history says, in lines. */

import { labelled } from '../../shared/joined.ts';
import type { Names } from '../names.ts';
import type { Agency, ReportEvent } from '../types.ts';
import { agencyName } from './agencies.ts';
import { wordFor } from '../words.ts';
import { reportTexts } from './texts.ts';
import { valueText } from './values.ts';

type Detail = NonNullable<ReportEvent['detail']>;
type Change = NonNullable<Detail['fields']>[string];

/** Return the lines of an entry, in the language of the screen. */
export function linesOf(
  { detail }: ReportEvent,
  names: Names,
  agencies: readonly Agency[],
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
  if (detail.files !== undefined) lines.push(t.files(detail.files.length));
  lines.push(...momentsOf(detail));
  if (detail.reason !== undefined) lines.push(t.because(detail.reason));
  return lines;
}

function momentsOf(detail: Detail): string[] {
  const { moments: t } = reportTexts().history;
  const lines: string[] = [];
  for (const step of ['asked', 'approved', 'lift_asked', 'lifted', 'ended'] as const) {
    if (detail[step]) lines.push(t[step]);
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
