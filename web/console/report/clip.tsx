/** The clean copy of a video: it plays in place, and no reason is asked for. */

import { useState } from 'preact/hooks';

import type { Medium } from '../types.ts';
import { reportTexts } from './texts.ts';

// As a browser is asked for them. Those that phones write in MP4 and MOV.
const CODECS: Readonly<Record<string, { name: string; type: string }>> = {
  h264: { name: 'H.264', type: 'video/mp4; codecs="avc1.640028"' },
  hevc: { name: 'HEVC', type: 'video/mp4; codecs="hvc1.1.6.L120.90"' },
};

/** Return whether this browser may play the video's copy. */
export function plays({ clip_url: url, codec }: Pick<Medium, 'clip_url' | 'codec'>): boolean {
  if (url === null) return false;
  const known = CODECS[codec ?? ''];
  return !known || document.createElement('video').canPlayType(known.type) !== '';
}

export function Clip({ id, medium }: { id: string; medium: Medium }) {
  const t = reportTexts();
  // Each reading of the report has another address: it plays on from the first one.
  const [first, setFirst] = useState(medium.clip_url);
  const [failed, setFailed] = useState<string | null>(null);
  if (failed === medium.clip_url) return <p class="medium__state">{t.media.clipFailed}</p>;
  const url = first === failed ? medium.clip_url : first;
  return (
    <video
      id={id}
      class="medium__video"
      controls
      preload="none"
      poster={medium.preview_url ?? undefined}
      src={url ?? undefined}
      aria-label={t.media.video}
      onError={() => {
        setFirst(medium.clip_url);
        setFailed(url);
      }}
    />
  );
}

/** Why a video does not play in place. */
export function WithoutClip({ medium }: { medium: Medium }) {
  const t = reportTexts();
  if (plays(medium)) return null;
  const name = CODECS[medium.codec ?? '']?.name ?? '';
  return (
    <p class="hint">
      {medium.clip_url === null ? t.media.noClip[medium.no_clip ?? 'earlier'] : t.media.cannotPlayHere(name)}
    </p>
  );
}
