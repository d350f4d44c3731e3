import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { ReasonForm } from '../parts/reason-form.tsx';
import type { Medium } from '../types.ts';
import { reportTexts } from './texts.ts';

interface OriginalProps {
  reportId: string;
  medium: Medium;
  onClose: () => void;
}

/** Open a file as it was sent, for a reason. */
export function Original({ reportId, medium, onClose }: OriginalProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const [url, setUrl] = useState<string | null>(null);
  const submit = async (reason: string) => {
    const outcome = await outcomeOf(
      api.POST('/v1/officer/reports/{report_id}/media/{media_id}/original', {
        params: { path: { report_id: reportId, media_id: medium.media_id } },
        body: { reason },
      }),
    );
    if (!outcome.ok) return outcome.failure;
    setUrl(outcome.data.url);
    return null;
  };
  if (url === null) {
    return (
      <ReasonForm
        intro={t.media.originalHint}
        submitLabel={t.media.originalSubmit}
        submit={submit}
        cancel={onClose}
      />
    );
  }
  return (
    <>
      <Opened url={url} type={medium.content_type} />
      <p class="row">
        <a class="button" href={url} download target="_blank" rel="noreferrer">
          {t.media.download}
        </a>
        <Button onClick={onClose}>{t.media.close}</Button>
      </p>
    </>
  );
}

function Opened({ url, type }: { url: string; type: string }) {
  const t = reportTexts();
  const [failed, setFailed] = useState(false);
  if (failed) return <p role="alert">{t.media.cannotPlay}</p>;
  if (type.startsWith('video/')) {
    return (
      <video
        class="original"
        controls
        autoplay
        src={url}
        aria-label={t.media.video}
        onError={() => setFailed(true)}
      />
    );
  }
  if (type.startsWith('audio/')) {
    return <audio controls src={url} aria-label={t.media.audio} onError={() => setFailed(true)} />;
  }
  return null;
}
