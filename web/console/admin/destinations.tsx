import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Checks, choicesOf, Select } from '../../shared/components/choices.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useCopied } from '../../shared/copied.ts';
import { listed, sentences, useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import type { Failure } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Names } from '../names.ts';
import { ok, Refusal, useLoaded, useStep, Waiting } from '../parts/asking.tsx';
import { Back } from '../parts/back.tsx';
import { ChangedSince, useReread } from '../parts/changed-since.tsx';
import { Facts } from '../parts/fact.tsx';
import { focusHeading } from '../parts/focus.ts';
import { FormEnd } from '../parts/form-end.tsx';
import { Row, Rows } from '../parts/lists.tsx';
import { SecondPerson } from '../parts/second-person.tsx';
import { Sure } from '../parts/sure.tsx';
import { DESTINATIONS, go, pathTo } from '../router.ts';
import type { Schemas } from '../types.ts';
import { wordFor, words } from '../words.ts';
import { Deliveries } from './deliveries.tsx';
import { destinationTexts } from './destination-texts.ts';
import { text } from './texts.ts';

type Destination = Schemas['Destination'];
type Terms = Schemas['Terms'];

const URGENCIES = ['low', 'normal', 'high', 'critical'] as const;
const KINDS = ['report', 'media', 'message', 'escalation', 'overdue', 'bulletin_lead'] as const;
const SHOWN = ['category', 'district'] as const;
const NEW = '.new';
const WAYS = ['url', 'reader', 'bus'] as const;
const OF_WAY = {
  url: { url: '', reader: null, bus: false },
  reader: { url: null, reader: '', bus: false },
  bus: { url: null, reader: null, bus: true },
} as const;
const NOTHING: Terms = {
  ...OF_WAY.url,
  categories: [],
  districts: [],
  kinds: [],
  min_urgency: 'low',
  shows: [],
};

const wayOf = ({ url, bus }: Terms) => (bus ? 'bus' : url === null ? 'reader' : 'url');
const whereTo = (terms: Terms, names: Names): string =>
  terms.url ?? (terms.reader === null ? destinationTexts().ways.bus : names.officer(terms.reader));

const pathOf = (name: string): string => pathTo(`admin/${DESTINATIONS}/${name}`);

/** Where events go: all destinations, or one by its name. */
export function DestinationsPage({ name }: { name: string | undefined }) {
  if (name === NEW) {
    return (
      <>
        <Back to={`admin/${DESTINATIONS}`}>{destinationTexts().back}</Back>
        <TermsForm
          destination={null}
          onDone={(_, made) => go(pathOf(made), { replace: true })}
          onCancel={() => go(pathTo(`admin/${DESTINATIONS}`))}
        />
      </>
    );
  }
  return name ? <Opened key={name} name={name} /> : <List />;
}

function List() {
  const { api, names } = useDesk();
  const { loaded, again } = useLoaded(() => ok(api.GET('/v1/admin/destinations')), DESTINATIONS);
  const t = destinationTexts();
  return (
    <>
      <p>{t.what}</p>
      <p>
        <a class="button button--primary" href={pathOf(NEW)}>
          {t.add}
        </a>
      </p>
      <Waiting loaded={loaded} again={again}>
        {({ items }) => (
          <Rows items={items} none={t.nothing}>
            {({ name, terms, proposal }) => (
              <Row key={name} to={pathOf(name)} title={name}>
                {proposal && <span class="state state--waiting">{t.waits}</span>}
                <span>{whereTo(terms ?? proposal?.terms ?? NOTHING, names)}</span>
                {proposal && (
                  <span>{t.proposedBy(names.officer(proposal.by), clock(proposal.at))}</span>
                )}
              </Row>
            )}
          </Rows>
        )}
      </Waiting>
    </>
  );
}

function Opened({ name }: { name: string }) {
  const { api } = useDesk();
  const path = { name };
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/admin/destinations/{name}', { params: { path } })),
    name,
  );
  const [isChanging, setChanging] = useState(false);
  const [done, setDone] = useSaid<string | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const finish = async (message: string, shown?: Destination) => {
    setChanging(false);
    setDone(message);
    if (shown?.secret) setSecret(shown.secret);
    await again();
    focusHeading();
  };
  const t = destinationTexts();
  return (
    <>
      <Back to={`admin/${DESTINATIONS}`}>{t.back}</Back>
      <h2>{name}</h2>
      <Status kind="success">{done}</Status>
      {secret && <Secret secret={secret} />}
      <Waiting loaded={loaded} again={again}>
        {(found) => (
          <>
            <Proposal destination={found} again={again} onDone={(...said) => void finish(...said)} />
            {found.terms && (
              <section class="card" aria-labelledby="terms">
                <h3 id="terms">{t.now}</h3>
                <TermsFacts terms={found.terms} />
              </section>
            )}
            {isChanging ? (
              <TermsForm
                destination={found}
                onDone={(message) => void finish(message)}
                onCancel={() => setChanging(false)}
              />
            ) : (
              <div class="row steps">
                <Button onClick={() => setChanging(true)}>{t.change}</Button>
                {found.terms?.url && (
                  <Sure
                    title={t.replace}
                    why={t.replaceWhy}
                    act={async () => {
                      const call = api.POST('/v1/admin/destinations/{name}/secret', { params: { path } });
                      await finish(t.replaced, await ok(call));
                    }}
                  />
                )}
                <Sure
                  kind="danger"
                  title={t.end}
                  why={t.endWhy}
                  act={async () => {
                    await ok(api.DELETE('/v1/admin/destinations/{name}', { params: { path } }));
                    go(pathTo(`admin/${DESTINATIONS}`));
                  }}
                />
              </div>
            )}
            {found.terms && <Deliveries name={name} />}
          </>
        )}
      </Waiting>
    </>
  );
}

/** A secret that was just made: the page forgets it when it is left. */
function Secret({ secret }: { secret: string }) {
  const [copied, copy] = useCopied(secret);
  const t = destinationTexts();
  return (
    <section class="card" aria-labelledby="secret">
      <h3 id="secret">{t.secret}</h3>
      <p>{t.once}</p>
      <p>
        <code>{secret}</code>{' '}
        <Button kind="quiet" onClick={copy}>
          {t.copy}
        </Button>
        <span role="status">{copied === 'yes' && t.copied}</span>
      </p>
    </section>
  );
}

interface ProposalProps {
  destination: Destination;
  again: () => Promise<void>;
  onDone: (message: string, shown?: Destination) => void;
}

/** What is proposed. Exactly what was read is approved. */
function Proposal({ destination, again, onDone }: ProposalProps) {
  const { api, me, names } = useDesk();
  const proposal = destination.proposal;
  const [stale, setStale] = useState<string | null>(null);
  const tag = proposal?.tag ?? '';
  const isNewer = stale !== null && proposal !== null && stale !== tag;
  const reread = useReread(isNewer, tag);
  if (proposal === null) return null;
  const t = destinationTexts();
  const approve = async () => {
    const params = { path: { name: destination.name }, header: { 'If-Match': tag } };
    onDone(t.approved, await ok(api.POST('/v1/admin/destinations/{name}/approve', { params })));
  };
  const showNewer = async ({ status }: Failure) => {
    if (status !== 412) return false;
    setStale(tag);
    await again();
    return true;
  };
  const isMine = proposal.by === me.username;
  return (
    <section class="card" aria-labelledby="proposal">
      <h3 id="proposal">{t.proposal}</h3>
      {isNewer && (
        <ChangedSince intro={t.stale}>
          <TermsFacts terms={proposal.terms} />
        </ChangedSince>
      )}
      {reread.box}
      <p>
        {sentences(
          t.proposedBy(names.officer(proposal.by), clock(proposal.at)),
          t.until(clock(proposal.expires_at)),
          isMine ? t.mine : '',
        )}
      </p>
      <TermsFacts terms={proposal.terms} />
      <SecondPerson
        isMine={isMine}
        hint={t.approveHint}
        approve={{ label: t.approve, act: approve, deal: showNewer }}
        end={null}
        reread={reread}
      />
    </section>
  );
}

function TermsFacts({ terms }: { terms: Terms }) {
  const { names } = useDesk();
  const t = destinationTexts();
  const some = (codes: readonly string[], name: (code: string) => string, none: string) =>
    codes.length === 0 ? none : listed(codes.map(name));
  return (
    <Facts
      rows={[
        [terms.bus ? t.way : t.ways[wayOf(terms)], whereTo(terms, names)],
        [t.kinds, some(terms.kinds, (code) => wordFor(t.kindNames, code), t.all)],
        [t.categories, some(terms.categories, (code) => names.category(code), t.all)],
        [t.districts, some(terms.districts, (code) => names.district(code), t.all)],
        [t.urgency, words().urgency[terms.min_urgency]],
        [t.shows, some(terms.shows, (code) => wordFor(t.shownNames, code), t.showsNothing)],
      ]}
    />
  );
}

interface TermsFormProps {
  /** Null for a new one. */
  destination: Destination | null;
  onDone: (message: string, name: string) => void;
  onCancel: () => void;
}

/** All terms, to be proposed: they replace those of before. */
function TermsForm({ destination, onDone, onCancel }: TermsFormProps) {
  const { api, names } = useDesk();
  const [name, setName] = useState(destination?.name ?? '');
  const [terms, setTerms] = useState(destination?.terms ?? destination?.proposal?.terms ?? NOTHING);
  const write = (change: Partial<Terms>) => setTerms({ ...terms, ...change });
  const step = useStep();
  const t = destinationTexts();
  const submit = () => {
    void step.run(async () => {
      const params = { path: { name } };
      const found = await ok(api.PUT('/v1/admin/destinations/{name}', { params, body: terms }));
      onDone(found.proposal ? text().officers.proposed : text().officers.unchanged, name);
    });
  };
  return (
    <Form class="card narrow" onSubmit={submit} aria-labelledby="terms-form">
      <h2 id="terms-form">{destination ? t.change : t.add}</h2>
      <p>{sentences(t.two, destination?.proposal ? text().officers.replaces : '')}</p>
      {destination === null && (
        <TextField
          id="name"
          label={t.name}
          hint={t.nameHint}
          required
          autocapitalize="none"
          pattern="[a-z][a-z0-9\-]{0,31}"
          value={name}
          onValue={setName}
        />
      )}
      {!destination?.terms && (
        <Select
          id="way"
          label={t.way}
          hint={t.wayHint}
          chosen={wayOf(terms)}
          choices={choicesOf(WAYS, t.ways)}
          onChange={(way) => write(OF_WAY[way])}
        />
      )}
      {terms.url !== null && (
        <TextField
          id="url"
          label={t.ways.url}
          hint={t.urlHint}
          type="url"
          required
          value={terms.url}
          onValue={(url) => write({ url })}
        />
      )}
      {terms.reader !== null && (
        <TextField
          id="reader"
          label={t.ways.reader}
          hint={t.readerHint}
          required
          autocapitalize="none"
          value={terms.reader}
          onValue={(reader) => write({ reader })}
        />
      )}
      <Checks
        id="kinds"
        legend={t.kinds}
        hint={t.noneMeansAll}
        chosen={terms.kinds}
        onChange={(kinds) => write({ kinds })}
        choices={choicesOf(KINDS, t.kindNames)}
      />
      <Select
        id="urgency"
        label={t.urgency}
        chosen={terms.min_urgency}
        choices={choicesOf(URGENCIES, words().urgency)}
        onChange={(urgency) => write({ min_urgency: urgency })}
      />
      {(['categories', 'districts'] as const).map((part) => (
        <Checks
          key={part}
          id={part}
          legend={t[part]}
          hint={t.noneMeansAll}
          chosen={terms[part]}
          onChange={(codes) => write({ [part]: codes })}
          choices={offered(names, part)}
        />
      ))}
      <Checks
        id="shows"
        legend={t.shows}
        hint={t.showsHint}
        chosen={terms.shows}
        onChange={(shows) => write({ shows })}
        choices={choicesOf(SHOWN, t.shownNames)}
      />
      <Refusal failure={step.failure} />
      <FormEnd submit={text().officers.propose} busy={step.busy} onCancel={onCancel} />
    </Form>
  );
}

function offered(names: Names, part: 'categories' | 'districts'): { code: string; label: string }[] {
  return (names.catalogue.value?.[part] ?? [])
    .filter(({ code }) => code !== 'outside' && code !== 'unknown')
    .map(({ code, label }) => ({ code, label }));
}
