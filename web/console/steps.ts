/** The steps that a report can take, and what each sends. */

import { outcomeOf, type Outcome } from './calls.ts';
import type { Api, ReportChange, Schemas } from './types.ts';

export type ChangedReport = Schemas['ChangedReport'];

/** Change a report from the version that was seen. */
export function changeReport(
  api: Api,
  id: string,
  version: number,
  change: ReportChange,
): Promise<Outcome<ChangedReport>> {
  return outcomeOf(
    api.PATCH('/v1/officer/reports/{report_id}', {
      params: { path: { report_id: id }, header: { 'If-Match': `"${version}"` } },
      body: change,
    }),
  );
}
