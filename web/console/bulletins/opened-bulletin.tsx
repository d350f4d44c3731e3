import { useEffect, useRef, useState } from 'preact/hooks';

import { publicPage } from '../../shared/api.ts';
import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { colon, language, listed, parted, sentences, useSaid } from '../../shared/language.ts';
import { clock, span } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import {
  ok,
  Refusal,
  useLanguage,
  useLoaded,
  useRereads,
  useStep,
  Waiting,
} from '../parts/asking.tsx';
import { focusHeading } from '../parts/focus.ts';
import { folded } from '../parts/folded.ts';
import { Row } from '../parts/lists.tsx';
import { pathTo } from '../router.ts';
import type { ListedReport } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { Approval } from './approval.tsx';
import type { ListedBulletin } from './approvals.ts';
import { type Bulletin, currentVersion, type History } from './changes.ts';
import { Editor } from './editor.tsx';
import { endOf, fixedText } from './end.ts';
import { approvedWords, corrects, endedWords, Ending, isUnseen } from './ending.tsx';
import { late, openBulletin, shownPictures, unready } from './saving.ts';
import { EndPreview, Preview } from './preview.tsx';
import { text } from './texts.ts';

type Doing = 'edit' | 'resolve' | 'withdraw' | null;

interface OpenedProps {
  id: string;
  /** It was written on the page before: this one says so. */
  isJustSaved: boolean;
}

/** One bulletin: what waits for approval, what residents see, and the steps that are possible. */
export function OpenedBulletin({ id, isJustSaved }: OpenedProps) {
  const { api, approvals } = useDesk();
  // What was shown first, or first since a step of this officer: they have read that, and no more.
  const shown = useRef<Bulletin | null>(null);
  const { loaded, again } = useLoaded(async () => {
    const opened = await openBulletin(api, id);
    shown.current ??= opened.bulletin;
    approvals.know([opened.bulletin]);
    return opened;
  }, id);
  useLanguage(again);
  const [doing, setDoing] = useState<Doing>(null);
  const [done, setDone] = useSaid<string | null>(null);
  const isThere = loaded.value !== null;
  useEffect(() => {
    if (isThere && isJustSaved) setDone(() => text().editor.saved);
  }, [isThere, isJustSaved, setDone]);
  useRereads(isPreparing(loaded.value?.bulletin), again);
  const finish = async (message: string) => {
    setDoing(null);
    setDone(message);
    shown.current = null;
    await again();
    focusHeading();
  };
  const begin = (next: Doing) => {
    setDoing(next);
    setDone(null);
    if (next === 'edit') focusHeading();
  };
  return (
    <Waiting loaded={loaded} again={again}>
      {(opened) => (
        <>
          {doing !== 'edit' && <Head bulletin={opened.bulletin} />}
          <Status kind="success">{done}</Status>
          {doing === 'edit' ? (
            <Editor
              bulletin={opened.bulletin}
              onSaved={() => void finish(text().editor.saved)}
              onCancel={() => setDoing(null)}
            />
          ) : (
            <>
              <Steps bulletin={opened.bulletin} doing={doing} onDo={begin} />
              {(doing === 'resolve' || doing === 'withdraw') && (
                <Ending
                  key={doing}
                  bulletin={opened.bulletin}
                  kind={doing}
                  onDone={() => void finish(endedWords(opened.bulletin, doing))}
                  onCancel={() => setDoing(null)}
                />
              )}
              <Approval
                opened={opened}
                shown={shown.current ?? opened.bulletin}
                again={again}
                onDone={(message) => void finish(message)}
              />
              <Content bulletin={opened.bulletin} />
              <Leads bulletin={opened.bulletin} />
              <Record history={opened.history} />
            </>
          )}
        </>
      )}
    </Waiting>
  );
}

function isPreparing(bulletin: Bulletin | undefined): boolean {
  if (bulletin === undefined) return false;
  return [...unready(bulletin), ...late(bulletin)].some((each) => each.state !== 'rejected');
}

function Head({ bulletin }: { bulletin: Bulletin }) {
  const { names } = useDesk();
  useEffect(() => {
    const { authors, approved_by: by, declined, declined_before: before } = bulletin;
    const others = [by, declined?.by, before?.by].filter((each) => typeof each === 'string');
    void names.meet([...authors, ...others]);
  }, [names, bulletin]);
  const authors = listed(bulletin.authors.map((each) => names.officer(each)));
  const waiting = waitingWords(bulletin);
  const end = endOf(bulletin);
  return (
    <header>
      <h1>{titleOf(bulletin.title)}</h1>
      <p class="rows__facts">
        <span class={stateClass(bulletin.state)}>{text().states[bulletin.state]}</span>
        {waiting && <span class="state state--waiting">{waiting}</span>}
        <span>{bulletin.channel_label}</span>
        <span>{text().version(bulletin.version)}</span>
        <span>{text().writtenBy(authors)}</span>
        {bulletin.approved_by && (
          <span>{approval(bulletin, names.officer(bulletin.approved_by))}</span>
        )}
        {bulletin.ended_at ? (
          <span>{text().ended(clock(bulletin.ended_at))}</span>
        ) : (
          bulletin.expires_at && <span>{text().until(clock(bulletin.expires_at))}</span>
        )}
      </p>
      {end && !isUnseen(bulletin) && (
        <p>
          {text().endedWith}
          {colon()}
          <q>{sentences(fixedText(end, language.value), ownWords(bulletin))}</q>
        </p>
      )}
    </header>
  );
}

/** Return who approved it, and which version when there is a later one. */
function approval({ version, published_version: approved }: Bulletin, name: string): string {
  return approved === null || approved === version
    ? text().approvedBy(name)
    : text().versionApprovedBy(approved, name);
}

/** Return the approved words about the end. */
function ownWords(bulletin: Bulletin): string {
  const words = approvedWords(bulletin);
  return words ? titleOf(words) : '';
}

interface StepsProps {
  bulletin: Bulletin;
  doing: Doing;
  onDo: (doing: Doing) => void;
}

function Steps({ bulletin, doing, onDo }: StepsProps) {
  const { steps, state } = bulletin;
  const endWords = (kind: 'resolve' | 'withdraw') =>
    corrects(bulletin, kind) ? text().correctEnd : text()[kind];
  const write = state === 'draft' ? text().edit : state === 'expired' ? text().renew : text().correct;
  return (
    <div class="row steps">
      {steps.includes('write') && <Button onClick={() => onDo('edit')}>{write}</Button>}
      {steps.includes('resolve') && (
        <Button aria-expanded={doing === 'resolve'} onClick={() => onDo('resolve')}>
          {endWords('resolve')}
        </Button>
      )}
      {steps.includes('withdraw') && (
        <Button aria-expanded={doing === 'withdraw'} onClick={() => onDo('withdraw')}>
          {endWords('withdraw')}
        </Button>
      )}
      {bulletin.published_version !== null && !bulletin.ended_at && (
        <a href={publicPage(bulletin.url)} target="_blank" rel="noopener noreferrer">
          {text().publicPage}
        </a>
      )}
    </div>
  );
}

function Content({ bulletin }: { bulletin: Bulletin }) {
  const end = endOf(bulletin);
  const preview = (
    <Preview version={currentVersion(bulletin)} pictures={shownPictures(bulletin)} />
  );
  // Residents see it no more, and nobody is to think that they will, whatever waits for approval.
  if (bulletin.ended_at !== null) {
    return (
      <>
        {end && bulletin.pending && (
          <section aria-labelledby="content">
            <h2 id="content">{text().asReadersSee}</h2>
            <EndPreview end={end} words={bulletin.pending_words ?? {}} />
          </section>
        )}
        <details class="record">
          <summary>{isUnseen(bulletin) ? text().neverSeen : text().seenBefore}</summary>
          {preview}
        </details>
      </>
    );
  }
  const isSeen = bulletin.state === 'published' && bulletin.published === null;
  const waiting = late(bulletin).length;
  return (
    <section aria-labelledby="content">
      <h2 id="content">{isSeen ? text().publishedNow : text().asResidentsSee}</h2>
      {waiting > 0 && <p>{text().late(waiting)}</p>}
      {preview}
    </section>
  );
}

/** Who wrote, approved and read the bulletin, the oldest first. */
export function Record({ history }: { history: History }) {
  const { names } = useDesk();
  return (
    <details class="record">
      <summary>{text().record}</summary>
      <ol class="record__list">
        {folded(history.items).map(({ item: event, until, count }, index) => {
          const step = event.detail?.step ?? event.action;
          return (
            <li key={index}>
              <strong title={event.by}>{names.officer(event.by)}</strong>{' '}
              {parted([
                text().recordStep[step] ?? step,
                event.detail?.version === undefined ? '' : text().version(event.detail.version),
                count > 1 ? text().times(count) : '',
              ])}
              <span class="muted"> {span(event.at, until)}</span>
              {!event.verified && <strong> {text().notVerified}</strong>}
            </li>
          );
        })}
      </ol>
    </details>
  );
}

/** The reports that residents sent about this bulletin. To list them is on record, so it is asked for. */
export function Leads({ bulletin }: { bulletin: Bulletin }) {
  const { api, names } = useDesk();
  const [leads, setLeads] = useState<ListedReport[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const step = useStep();
  const show = () =>
    step.run(async () => {
      const query = { bulletin_id: bulletin.id, ...(cursor ? { cursor } : {}) };
      const page = await ok(api.GET('/v1/officer/reports', { params: { query } }));
      setLeads([...(leads ?? []), ...page.items]);
      setCursor(page.next_cursor);
    });
  return (
    <section aria-labelledby="leads">
      <h2 id="leads">{text().leads(bulletin.leads)}</h2>
      {leads && (
        <ul class="rows">
          {leads.map((lead) => (
            <Row key={lead.id} to={pathTo(`reports/${lead.id}`)} title={lead.reference}>
              <span>{wordFor(words().status, lead.status)}</span>
              <span>{names.category(lead.category)}</span>
              <span>{names.district(lead.district)}</span>
              <span>{clock(lead.received_at)}</span>
            </Row>
          ))}
        </ul>
      )}
      {bulletin.leads > 0 && (leads === null || cursor !== null) && (
        <Button busy={step.busy} onClick={() => void show()}>
          {leads === null ? text().showLeads : text().more}
        </Button>
      )}
      <Refusal failure={step.failure} />
    </section>
  );
}

/** Return the class of a state's label. */
export function stateClass(state: ListedBulletin['state']): string {
  if (state === 'published') return 'state state--good';
  return state === 'draft' ? 'state state--waiting' : 'state';
}

/** Return a title in the language of the screen, or in another. */
export function titleOf(title: Record<string, string>): string {
  return title[language.value] ?? Object.values(title)[0] ?? text().noTitle;
}

/** Return what waits for a second officer, beside a draft, which says so itself. */
export function waitingWords(bulletin: ListedBulletin): string | null {
  if (bulletin.declined) return text().declined;
  if (bulletin.pending_words) return text().words;
  if (!bulletin.pending || bulletin.state === 'draft') return null;
  return bulletin.state === 'expired' ? text().renewal : text().correction;
}
