import { useMemo, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Field, Form } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Keys } from '../drafts.ts';
import { focusField } from '../parts/focus.ts';
import type { Upload } from '../types.ts';
import { PICTURES, type PictureType, upload } from '../upload.ts';
import { isOnItsWay } from './media.tsx';
import type { OfReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

const AT_ONCE = 5;

/** Send pictures to the reporter, by the same grants as theirs. */
export function Files({ open, report }: OfReport) {
  const t = reportTexts();
  const { api } = useDesk();
  const keys = useMemo(() => new Keys(), []);
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useSaid<string | null>(null);
  const [said, setSaid] = useSaid('');
  const [sent, setSent] = useState(0);
  const isWaiting = report.media.some(isOnItsWay);
  if (report.status === 'withdrawn') return null;
  const send = async () => {
    setSent(0);
    const files = [...(input.current?.files ?? [])];
    const wrong = wrongWith(files);
    setSaid('');
    setError(null);
    if (wrong !== null) return refuse(wrong);
    if (busy) return;
    setBusy(true);
    const media = files.map((file) => ({ content_type: typeOf(file)!, size: file.size }));
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/media', {
        params: {
          path: { report_id: report.id },
          header: { 'Idempotency-Key': keys.for(JSON.stringify(media)) },
        },
        body: { media },
      }),
    );
    if (outcome.ok) await sendAll(outcome.data.uploads, files);
    else refuse(outcome.failure.text);
    setBusy(false);
  };
  const refuse = (why: string) => {
    setError(why);
    focusField('files');
  };
  const sendAll = async (grants: Upload[], files: File[]) => {
    for (const [index, grant] of grants.entries()) {
      const file = files[index];
      if (!file) continue;
      const sent = await upload(grant, file, (percent) => setSaid(t.files.sending(file.name, percent)));
      // The key stays: sent again, the call gives new grants for what is not up.
      if (!sent) return refuse(t.files.failed(file.name));
    }
    keys.done();
    if (input.current) input.current.value = '';
    setSaid('');
    setSent(files.length);
    await open.load();
  };
  return (
    <details class="card files no-print">
      <summary>{t.files.title}</summary>
      <Form onSubmit={send}>
        <Field id="files" label={t.files.choose} hint={t.files.hint} error={error}>
          {(control) => (
            <input
              {...control}
              ref={input}
              type="file"
              multiple
              accept="image/*"
              onChange={() => setError(null)}
            />
          )}
        </Field>
        <Button type="submit" busy={busy}>
          {t.files.send}
        </Button>
        <Status>{said || (sent > 0 && (isWaiting ? t.files.sent(sent) : t.files.there(sent)))}</Status>
      </Form>
    </details>
  );
}

function wrongWith(files: File[]): string | null {
  const { files: t } = reportTexts();
  if (files.length === 0) return t.none;
  if (files.length > AT_ONCE) return t.tooMany;
  const unknown = files.find((file) => typeOf(file) === undefined);
  return unknown ? t.unknownType(unknown.name) : null;
}

/** Return the type of a picture; browsers know none for HEIC on some systems. */
function typeOf({ type, name }: File): PictureType | undefined {
  const known = PICTURES.find((one) => one === type);
  if (known) return known;
  return /\.heic$/i.test(name) ? 'image/heic' : undefined;
}
