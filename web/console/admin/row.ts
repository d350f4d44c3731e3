/** An officer's row: what a proposal would change of it. */

import type { components } from '../../shared/schema';

type Schemas = components['schemas'];
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
