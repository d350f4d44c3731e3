import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

import { publicPage } from '../../shared/api.ts';
import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useCopied } from '../../shared/copied.ts';
import { colon, language } from '../../shared/language.ts';
import { showDay, showTime } from '../../shared/time.ts';
import {
  addressOf,
  beginLead,
  type Bulletin,
  bulletins,
  bulletinsState,
  loadBulletins,
  loadOlder,
  nextBulletins,
  spoken,
  takesLeads,
  titleOf,
} from '../bulletins.ts';
import { catalogue } from '../catalogue.ts';
import { Missing } from '../parts/later.tsx';
import { online } from '../service.ts';
import { frame } from '../texts.ts';
import { start } from './texts.ts';

const SHORT = 160;

const channel = signal<string | null>(null);

/** What the police ask the public about, with a door to a report on each. */
export function Bulletins() {
  const text = start();
  const tongue = language.value;
  const chosen = channel.value;
  useEffect(() => void loadBulletins(chosen), [tongue, chosen]);
  useEffect(() => {
    if (online.value && bulletinsState.value === 'failed') void loadBulletins(chosen);
  }, [online.value]);
  const channels = (catalogue.value?.channels ?? []).filter(({ state }) => state === 'active');
  const named = channels.find(({ code }) => code === chosen)?.label;
  const all = bulletins.value;
  return (
    <section aria-labelledby="bulletins">
      <h2 id="bulletins">{text.bulletins}</h2>
      {channels.length > 1 && (
        <div class="chips" role="group" aria-label={text.filter}>
          {[{ code: null, label: text.all }, ...channels].map(({ code, label }) => (
            <button
              key={code ?? ''}
              type="button"
              class="chip"
              aria-pressed={chosen === code}
              onClick={() => (channel.value = code)}
            >
              {label}
            </button>
          ))}
        </div>
      )}
      <Status>
        {bulletinsState.value === 'loading' && <p>{frame().loading}</p>}
        {bulletinsState.value === 'ready' && all.length === 0 && (
          <p>{named ? text.noneOf(named) : text.none}</p>
        )}
      </Status>
      <ul class="plain">
        {all.map((bulletin) => (
          <BulletinCard key={bulletin.id} bulletin={bulletin} />
        ))}
      </ul>
      <Missing
        shown={bulletinsState.value === 'failed'}
        onAgain={() => void loadBulletins(chosen)}
      />
      {nextBulletins.value && bulletinsState.value === 'ready' && (
        <Button class="wide" onClick={() => void loadOlder(chosen)}>
          {text.older}
        </Button>
      )}
    </section>
  );
}

function BulletinCard({ bulletin }: { bulletin: Bulletin }) {
  const text = start();
  const [whole, setWhole] = useState(false);
  const title = titleOf(bulletin);
  const body = spoken(bulletin.body) || spoken(bulletin.outcome);
  const beginning = shortOf(body, SHORT);
  return (
    <li>
      <article class="card" aria-labelledby={`bulletin-${bulletin.id}`}>
        <p class="card__kind">
          {[bulletin.channel_label, bulletin.area_label].filter(Boolean).join(' · ')}
          {bulletin.state === 'resolved' && <span class="tag">{bulletin.state_label}</span>}
        </p>
        <h3 class="card__title" id={`bulletin-${bulletin.id}`}>
          <a class="card__page" href={publicPage(bulletin.url)}>
            {title}
          </a>
        </h3>
        <Pictures bulletin={bulletin} title={title} />
        <p class="card__body">{whole ? body : beginning}</p>
        {beginning !== body && (
          <Button kind="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
            {whole ? text.less : text.more}
            <span class="hidden-visually">
              {colon()}
              {title}
            </span>
          </Button>
        )}
        <p class="card__day muted">
          {bulletin.corrected_at
            ? `${text.corrected} ${showDay(bulletin.corrected_at, language.value)}`
            : `${text.published} ${showDay(bulletin.published_at, language.value)}`}
          {bulletin.expires_at && !bulletin.ended_at && (
            <>
              <br />
              {text.until} {showTime(bulletin.expires_at, language.value)}
            </>
          )}
        </p>
        <Share title={title} url={publicPage(bulletin.url)} />
        {takesLeads(bulletin) && (
          <Button
            class="wide"
            kind="primary"
            aria-label={text.seenAbout(title)}
            onClick={() => beginLead(bulletin)}
          >
            {text.seen}
          </Button>
        )}
      </article>
    </li>
  );
}

/** The pictures beside each other, each a way to its large one on the bulletin's page. */
function Pictures({ bulletin, title }: { bulletin: Bulletin; title: string }) {
  const text = start();
  const { media } = bulletin;
  if (media.length === 0) return null;
  const moves = media.length > 1;
  return (
    <div
      class="card__pictures"
      {...(moves && { role: 'group', 'aria-label': text.pictures(title) })}
    >
      {media.map((picture, at) => (
        <a key={picture.media_id} href={publicPage(bulletin.url)}>
          <img
            src={addressOf(picture)}
            alt={text.picture(title, moves ? at + 1 : 0)}
            loading="lazy"
            decoding="async"
          />
        </a>
      ))}
    </div>
  );
}

/** Hand on the page of a bulletin: by what the phone has for it, or else as a link to paste. */
export function Share({ title, url }: { title: string; url: string }) {
  const text = start();
  const [copied, copy] = useCopied(url);
  const canShare = typeof navigator.share === 'function';
  // Whoever changes their mind has nothing to read about it.
  const share = () => void navigator.share({ title, url }).catch(() => undefined);
  return (
    <div class="card__share">
      <Button kind="quiet" onClick={canShare ? share : copy}>
        {canShare ? text.share : text.copyLink}
        <span class="hidden-visually">
          {colon()}
          {title}
        </span>
      </Button>
      <Status>
        {copied === 'yes' && <p>{text.linkCopied}</p>}
        {copied === 'no' && <p>{url}</p>}
      </Status>
    </div>
  );
}

/** The beginning of a long text, for a card. */

// As far back as a word is looked for whose end is cut.
const WORD = 30;
// What is hidden must be worth a tap: at least this share of what is shown.
const WORTH = 1 / 3;

/**
 * Return a text of at most about `most` characters; a word that is cut is left out. A text that is
 * little longer is whole.
 */
export function shortOf(text: string, most: number): string {
  const letters = [...text];
  if (letters.length <= most * (1 + WORTH)) return text;
  const start = letters.slice(0, most).join('');
  const goesOn = /^[A-Za-z0-9'’-]/.test(letters[most] ?? '');
  // Chinese has no spaces: there only a number or a name in letters can be cut.
  const whole = goesOn ? start.replace(new RegExp(`[A-Za-z0-9'’-]{1,${WORD}}$`), '') : start;
  return `${whole.replace(/[\s,;:，、；：]+$/, '')}…`;
}
