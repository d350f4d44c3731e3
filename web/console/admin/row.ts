/** An officer's row: what a proposal would change of it. */

import { cleanAddress, cleanNumber } from '../../../sdk/text.ts';
import type { Schemas } from '../types.ts';

export type Officer = Schemas['Officer'];
export type Row = Schemas['ProposedRow'];
export type Appointment = Required<Schemas['Appointment']>;

export type RowChange =
  | { field: 'name' | 'email' | 'phone'; before: string | null; after: string | null }
  | { field: 'active'; before: boolean; after: boolean }
  | {
      field: 'roles' | 'categories' | 'districts';
      added: string[];
      removed: string[];
      kept: string[];
    };

const LISTS = ['roles', 'categories', 'districts'] as const;
const TEXTS = ['name', 'email', 'phone'] as const;

/** Return what a proposed row changes of the present one; all of it for a new officer. */
export function rowChanges(now: Row, proposed: Row): RowChange[] {
  const found: RowChange[] = [];
  if (now.active !== proposed.active) {
    found.push({ field: 'active', before: now.active, after: proposed.active });
  }
  for (const field of LISTS) {
    const added = proposed[field].filter((code) => !(now[field] as string[]).includes(code));
    const removed = now[field].filter((code) => !(proposed[field] as string[]).includes(code));
    const kept = proposed[field].filter((code) => (now[field] as string[]).includes(code));
    if (added.length || removed.length) found.push({ field, added, removed, kept });
  }
  for (const field of TEXTS) {
    if ((now[field] || null) !== (proposed[field] || null)) {
      found.push({ field, before: now[field] || null, after: proposed[field] || null });
    }
  }
  return found;
}

/** Return the row as a body that changes nothing. */
export function asAppointment(officer: Row): Appointment {
  return {
    name: officer.name || null,
    active: officer.active,
    roles: officer.roles,
    categories: officer.categories,
    districts: officer.districts,
    email: officer.email,
    phone: officer.phone,
  };
}

/** Return whether nobody works with this row yet: it is only proposed. */
export function isOnlyProposed(officer: Officer): boolean {
  return !officer.active && officer.roles.length === 0 && officer.proposal !== null;
}

/** Return whether it is no person: it has no address, and signs in by a client of its own. */
export function isMachine(row: Pick<Row, 'roles'>): boolean {
  return row.roles.includes('system');
}

// Who has one of these has no other; only a machine has a scope, and it has no address.
const ALONE: readonly Appointment['roles'][number][] = ['auditor', 'oversight', 'system'];

/** Return what changes with the roles that were just chosen. */
export function withRoles(row: Appointment, roles: Appointment['roles']): Partial<Appointment> {
  const chosen = roles.find((role) => ALONE.includes(role) && !row.roles.includes(role));
  if (chosen === 'system') return { roles: [chosen], email: null, phone: null };
  if (chosen) return { roles: [chosen], categories: [], districts: [] };
  return { roles: roles.length > 1 ? roles.filter((role) => !ALONE.includes(role)) : roles };
}

// As the API takes them.
const USERNAME = /^(?!none$)[a-z0-9][a-z0-9._-]{0,63}$/;
const EMAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;
const PHONE = /^\+[1-9][0-9]{6,14}$/;

export type RowMistake = 'username' | 'roles' | 'categories' | 'districts' | 'email' | 'phone';

/** Return all that is wrong with a row that is to be proposed, in the order of the form. */
export function mistakesIn(username: string, row: Appointment): RowMistake[] {
  const worksOnReports = row.roles.some((role) => ['officer', 'supervisor', 'system'].includes(role));
  const wrong: Record<RowMistake, boolean> = {
    username: !USERNAME.test(username),
    roles: row.roles.length === 0,
    categories: worksOnReports && row.categories.length === 0,
    districts: worksOnReports && row.districts.length === 0,
    email: row.email !== null && !EMAIL.test(cleanAddress(row.email)),
    phone: row.phone !== null && !PHONE.test(cleanNumber(row.phone).trim()),
  };
  return (Object.keys(wrong) as RowMistake[]).filter((field) => wrong[field]);
}
