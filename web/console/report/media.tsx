/** Pictures, videos and recordings of a report. */

import { useCallback, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { clock, hasZone } from '../../shared/time.ts';
import { Icon } from '../frame/icon.tsx';
import { size } from '../numbers.ts';
import type { Medium } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { Fact } from '../parts/fact.tsx';
import { useDesk } from '../desk.ts';
import { useRereads } from '../parts/asking.tsx';
import { Cover, CoverButton } from '../parts/covered.tsx';
import { focusField } from '../parts/focus.ts';
import { Clip, plays, WithoutClip } from './clip.tsx';
import { Lightbox, picturesOf } from './lightbox.tsx';
import type { OfReport } from './open-report.ts';
import { Original } from './original.tsx';
import { Redaction } from './redaction.tsx';
import { reportTexts } from './texts.ts';
import './media.css';

/** A redaction that takes longer has failed twice, and is tried again. */
const REDACTION_MS = 10 * 60_000;

type MediumAction = 'enlarge' | 'original' | 'redact';

interface Chosen {
  action: MediumAction;
  id: string;
}

export function Media({ open, report }: OfReport) {
  const t = reportTexts();
  const { names } = useDesk();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const isCovered = (id: string) => names.covers(report.category) && !seen.has(id);
  const uncover = (id: string) => setSeen(new Set([...seen, id]));
  const { media } = report;
  const pictures = picturesOf(media);
  const medium = media.find(({ media_id: id }) => id === chosen?.id) ?? null;
  const close = () => setChosen(null);
  const again = useCallback(() => open.load(), [open]);
  useRereads(media.some((each) => each.redaction?.state === 'processing' || isOnItsWay(each)), again);
  const act = (action: MediumAction) => setChosen(chosen && { action, id: chosen.id });
  const shown = (action: MediumAction) => (chosen?.action === action ? medium : null);
  return (
    <section class="card" aria-labelledby="media">
      <h2 id="media">{t.media.title}</h2>
      {media.length === 0 && <p class="muted">{t.media.none}</p>}
      <ul class="media" data-single={media.length === 1 || undefined}>
        {media.map((item) => (
          <MediumCard
            key={item.media_id}
            medium={item}
            category={report.category}
            number={pictures.findIndex(({ id }) => id === item.media_id) + 1}
            isCovered={isCovered(item.media_id)}
            uncover={() => uncover(item.media_id)}
            act={(action) => setChosen({ action, id: item.media_id })}
          />
        ))}
      </ul>
      <Lightbox
        pictures={pictures}
        shown={shown('enlarge')?.media_id ?? null}
        show={(id) => setChosen({ action: 'enlarge', id })}
        isCovered={isCovered}
        uncover={uncover}
        onClose={close}
      >
        {medium?.early && <span class="tag">{t.media.early}</span>}
        {medium?.from === 'reporter' && !medium.early && (
          <>
            <Button onClick={() => act('original')}>{t.media.original}</Button>
            <Button onClick={() => act('redact')}>{t.media.redact}</Button>
          </>
        )}
      </Lightbox>
      <Dialog open={shown('original') !== null} title={t.media.originalTitle} onClose={close}>
        {medium && <Original reportId={report.id} medium={medium} onClose={close} />}
      </Dialog>
      <Dialog open={shown('redact') !== null} title={t.redaction.title} onClose={close}>
        {medium && <Redaction open={open} medium={medium} onClose={close} />}
      </Dialog>
    </section>
  );
}

/** Return whether it is a picture of ours that the reporter does not see yet. */
export function isOnItsWay({ from, state }: Medium): boolean {
  return from === 'officer' && (state === 'awaiting' || state === 'processing');
}

interface CardProps {
  medium: Medium;
  /** Of the report. */
  category: string;
  number: number;
  /** Nothing of it is loaded before it is asked for. */
  isCovered: boolean;
  uncover: () => void;
  act: (action: MediumAction) => void;
}

function MediumCard(props: CardProps) {
  const { medium, category, act } = props;
  const t = reportTexts();
  const kind = kindOf(medium);
  return (
    <li class="medium">
      <Shown {...props} />
      <Early medium={medium} />
      <p class="medium__facts">
        {kind !== 'image' && <span>{kind === 'video' ? t.media.video : t.media.audio}</span>}
        {medium.duration_s !== null && <span>{t.media.length(medium.duration_s)}</span>}
        {medium.size !== null && <span>{size(medium.size)}</span>}
        {medium.from === 'officer' && <span class="tag">{t.media.fromUs}</span>}
      </p>
      {kind === 'video' && medium.state === 'ready' && <WithoutClip medium={medium} />}
      <Redacted medium={medium} category={category} />
      <Hint medium={medium} />
      {medium.from === 'reporter' && (medium.evidence !== null || medium.delayed) && (
        <>
          <div class="row medium__actions">
            <Button onClick={() => act('original')}>
              {kind === 'video' && !medium.delayed && !plays(medium) ? t.media.play : t.media.original}
            </Button>
            {medium.preview_url !== null && medium.state === 'ready' && (
              <Button onClick={() => act('redact')}>{t.media.redact}</Button>
            )}
          </div>
          <Evidence medium={medium} />
        </>
      )}
    </li>
  );
}

function Shown({ medium, number, isCovered, uncover, act }: CardProps) {
  const t = reportTexts();
  const w = words();
  const [failed, setFailed] = useState(false);
  if (failed) return <p class="medium__state">{t.media.expired}</p>;
  if (medium.state !== 'ready' && !medium.early) {
    return (
      <p class="medium__state">
        <Icon name="picture" />
        {medium.delayed ? t.media.delayed : wordFor(w.mediaState, medium.state)}
        {medium.reason !== null && ` ${wordFor(w.rejected, medium.reason)}`}
      </p>
    );
  }
  if (medium.playback_url !== null) {
    return (
      <audio
        class="medium__audio"
        controls
        preload="none"
        src={medium.playback_url}
        aria-label={t.media.audio}
        onError={() => setFailed(true)}
      />
    );
  }
  if (medium.preview_url === null) return null;
  const video = kindOf(medium) === 'video';
  const id = `medium-${medium.media_id}`;
  const press = () => {
    uncover();
    focusField(id);
  };
  if (isCovered) return <CoverButton label={String(number)} onPress={press} />;
  if (video && plays(medium)) return <Clip id={id} medium={medium} />;
  return (
    <button
      id={id}
      type="button"
      class="medium__button"
      aria-label={video ? t.media.play : t.media.enlarge(number)}
      onClick={() => act(video ? 'original' : 'enlarge')}
    >
      <img src={medium.preview_url} alt="" onError={() => setFailed(true)} />
      {video && (
        <span class="medium__play">
          <Icon name="play" />
        </span>
      )}
    </button>
  );
}

/** What to think of a reduced picture that the phone has sent before the photo. */
function Early({ medium: { early, state, differs } }: { medium: Medium }) {
  const t = reportTexts();
  if (differs) return <p class="medium__early">{t.media.differs}</p>;
  if (!early) return null;
  return (
    <p class="medium__early">
      <span class="tag">{t.media.early}</span>{' '}
      {state === 'rejected' ? t.media.earlyAlone : t.media.earlyFirst}
    </p>
  );
}

function Redacted({ medium: { redaction }, category }: Pick<CardProps, 'medium' | 'category'>) {
  const t = reportTexts();
  if (redaction === null) return null;
  return (
    <div class="medium__redaction">
      <p>{isDelayed(redaction) ? t.media.redactionDelayed : t.media.redactionState[redaction.state]}</p>
      {redaction.url !== null && (
        <Cover category={category} label={t.media.redacted}>
          <img src={redaction.url} alt={t.media.redacted} loading="lazy" />
        </Cover>
      )}
    </div>
  );
}

function isDelayed({ state, at }: NonNullable<Medium['redaction']>): boolean {
  return state === 'processing' && Date.now() - Date.parse(at) > REDACTION_MS;
}

function Hint({ medium: { hint } }: { medium: Medium }) {
  const t = reportTexts();
  return (
    <>
      {hint.taken_at !== null && (
        <p class="hint">{t.media.taken(clock(hint.taken_at), hasZone(hint.taken_at))}</p>
      )}
      {hint.lat !== null && hint.lon !== null && (
        <p class="hint">{t.media.takenAt(`${hint.lat.toFixed(4)}, ${hint.lon.toFixed(4)}`)}</p>
      )}
    </>
  );
}

function Evidence({ medium: { evidence } }: { medium: Medium }) {
  const t = reportTexts();
  if (evidence === null) return null;
  return (
    <details class="evidence">
      <summary>{t.media.evidence}</summary>
      <dl class="facts facts--small">
        <Fact name={t.media.sha}>
          <code>{evidence.sha256 ?? t.media.shaUnknown}</code>
        </Fact>
        <Fact name={t.media.version}>
          <code>{evidence.version}</code>
        </Fact>
        <Fact name={t.media.recorded}>{clock(evidence.recorded_at)}</Fact>
      </dl>
      {evidence.later_uploads > 0 && <p>{t.media.later(evidence.later_uploads)}</p>}
    </details>
  );
}

function kindOf({ content_type: type }: Medium): 'image' | 'video' | 'audio' {
  if (type.startsWith('video/')) return 'video';
  return type.startsWith('audio/') ? 'audio' : 'image';
}
