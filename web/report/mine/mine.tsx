import { useEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Field } from '../../shared/components/field.tsx';
import { useSaid } from '../../shared/said.ts';
import { Heading } from '../parts/heading.tsx';
import { RedButton } from '../parts/red-button.tsx';
import { RECEIPT_LENGTH, readReceipt, receiptFault } from '../../shared/receipt.ts';
import { OwnReportPage } from './own-report-page.tsx';
import { closeReport, openReport, report } from './report.ts';
import { mine } from './texts.ts';
import './mine.css';

/** "My report": the door by the receipt, and the report behind it. */
export function Mine({ receipt }: { receipt: string | null }) {
  useEffect(() => closeReport, []);
  return report.value ? <OwnReportPage report={report.value} /> : <Door given={receipt} />;
}

function Door({ given }: { given: string | null }) {
  const text = mine();
  const [typed, setTyped] = useState('');
  const [error, setError] = useSaid<string | null>(null);
  const [busy, setBusy] = useState(false);

  const open = async (canonical: string): Promise<void> => {
    setBusy(true);
    setError(null);
    const outcome = await openReport(canonical);
    if (!outcome) return;
    setBusy(false);
    if (outcome.done) return;
    const { code, detail } = outcome;
    if (code === 'not_found' || code === 'receipt_required') setError(() => mine().unknown);
    else if (code === 'deleted') setError(() => mine().deleted);
    else setError(detail || (() => mine().failed));
  };
  const submit = (): void => {
    const canonical = readReceipt(typed);
    const fault = receiptFault(canonical);
    if (fault === 'letters') setError(() => mine().letters);
    else if (fault === 'length') setError(() => mine().short(canonical.length));
    else void open(canonical);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is opened once.
  useEffect(() => {
    if (given) void open(given);
  }, []);

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Heading>{text.title}</Heading>
      <ErrorSummary errors={error ? [{ field: 'receipt', text: error }] : []} />
      <Field id="receipt" label={text.receipt} hint={text.lead} error={error}>
        {(control) => (
          <textarea
            {...control}
            class="field__control receipt-field"
            rows={2}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            maxLength={4 * RECEIPT_LENGTH}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              submit();
            }}
          />
        )}
      </Field>
      <Button kind="primary" type="submit" class="wide" busy={busy}>
        {busy ? text.opening : text.open}
      </Button>
      <div class="apart">
        <RedButton />
      </div>
    </form>
  );
}
