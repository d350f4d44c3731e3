import { useState } from 'preact/hooks';

import { Checks } from '../../shared/components/choices.tsx';
import { Field } from '../../shared/components/field.tsx';
import { useSaid } from '../../shared/said.ts';
import { type Failure, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { focusField } from '../parts/focus.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Agency, Report, Schemas, Supplement } from '../types.ts';
import { agencyName } from './agencies.ts';
import { aboutText } from './distances.ts';
import type { OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

type Part = Schemas['Part'];

const INCLUDE = 'referral-include';
const PARTS: readonly Part[] = ['text', 'place', 'occurred_at', 'details', 'media'];

interface FormProps {
  open: OpenReport;
  report: Report;
  agencies: Agency[];
  /** Pictures to pass on to an agency, which are then all that it gets. */
  supplement: Supplement | null;
  onClose: () => void;
}

export function ReferralForm({ open, report, agencies, supplement, onClose }: FormProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const [agency, setAgency] = useState(report.suggested_agency ?? agencies[0]?.code ?? '');
  const [include, setInclude] = useState<Part[]>([]);
  const chosen = agencies.find(({ code }) => code === agency);
  const [error, setError] = useSaid<string | null>(null);
  const check = () => {
    const isChosen = supplement !== null || include.length > 0;
    setError(isChosen ? null : () => reportTexts().referral.nothing);
    return isChosen ? null : INCLUDE;
  };
  const submit = async (reason: string) => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/referral', {
        params: { path: { report_id: report.id } },
        body: supplement
          ? { ...supplement, reason, include: ['media'] }
          : { agency, reason, include },
      }),
    );
    if (!outcome.ok) return refuse(outcome.failure);
    onClose();
    await open.load();
    return null;
  };
  const refuse = (failure: Failure): Failure | null => {
    if (supplement || !isOfInclude(failure)) return failure;
    setError(failure.text);
    focusField(INCLUDE);
    return null;
  };
  const choose = (parts: Part[]) => {
    setInclude(parts);
    setError(null);
  };
  return (
    <ReasonForm
      intro={
        supplement &&
        t.referral.late(agencyName(agencies, supplement.agency), supplement.media_ids.length)
      }
      label={t.referral.reason}
      submitLabel={t.referral.submit}
      check={check}
      submit={submit}
      cancel={onClose}
    >
      {!supplement && (
        <>
          <Field id="agency" label={t.referral.agency} hint={chosen?.how}>
            {(control) => (
              <select
                {...control}
                value={agency}
                onChange={(event) => setAgency(event.currentTarget.value)}
              >
                {agencies.map(({ code, label }) => (
                  <option key={code} value={code}>
                    {label}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Checks
            id={INCLUDE}
            legend={t.referral.include}
            hint={t.referral.includeHint}
            error={error}
            chosen={include}
            onChange={choose}
            choices={PARTS.map((code) => ({
              code,
              label: t.referral.parts[code],
              hint: code === 'place' ? aboutText(report.location?.accuracy_m) : null,
            }))}
          />
        </>
      )}
    </ReasonForm>
  );
}

/** Return whether a refusal is about what the agency gets, such as a picture that is not ready. */
function isOfInclude({ code, problem }: Failure): boolean {
  const fields = problem?.errors?.map(({ field }) => field) ?? [];
  return code === 'redaction_not_ready' || fields.some((field) => /^(include|media_ids)\b/.test(field));
}
