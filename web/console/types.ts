/** The domain's types, as the API's document names them. */

import type { Schemas } from '../shared/api.ts';

export type { Api, Problem, Schemas } from '../shared/api.ts';
export type Me = Schemas['OwnOfficer'];
export type Catalogue = Schemas['Catalogue'];
export type Areas = Schemas['Areas'];
export type Pulse = Schemas['Pulse'];
export type ListedReport = Schemas['ListedReport'];
export type Burst = Schemas['Burst'];
export type OpenBurst = Schemas['OpenBurst'];
export type Report = Schemas['Report'];
export type ReportChange = Schemas['ReportChange'];
export type ReportEvent = Schemas['ReportEvent'];
export type Medium = Schemas['Medium'];
export type Message = Schemas['Message'];
export type Position = Schemas['Position'];
export type Colleague = Schemas['Colleague'];
export type Agency = Schemas['Agency'];
export type Referral = Schemas['Referral'];
export type Supplement = Schemas['Supplement'];
export type ReferralBundle = Schemas['ReferralBundle'];
export type DeclinedReferral = Schemas['DeclinedReferral'];
export type Region = Schemas['MarkedRegion'];
export type Upload = Schemas['Upload'];
export type Status = Schemas['Status'];
export type Urgency = Schemas['Urgency'];
export type Disposition = Schemas['Disposition'];
export type Opening = Schemas['Opening'];
export type OpeningKind = Schemas['OpeningKind'];
export type Flag = Schemas['Flag'];

/** Return whether the officer sees reports: an administrator alone does not, and no auditor. */
export function seesReports(me: Pick<Me, 'roles'>): boolean {
  return me.roles.some((role) => role !== 'admin' && role !== 'auditor');
}

/** Return whether they ask who opened what. They have no other role, and no other page. */
export function isAuditor(me: Pick<Me, 'roles'>): boolean {
  return me.roles.includes('auditor');
}

/** Return whether the officer may approve what takes two officers. A new account waits for a day. */
export function mayApprove(me: Pick<Me, 'roles' | 'approves_from'>, now: number): boolean {
  return seesReports(me) && (me.approves_from === null || Date.parse(me.approves_from) <= now);
}

export function isAdmin(me: Me): boolean {
  return me.roles.includes('admin');
}
