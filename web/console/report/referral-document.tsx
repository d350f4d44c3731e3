import { useEffect, useState } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { listed, useSaid } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { type Failure, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import { ok } from '../parts/asking.tsx';
import { Fact } from '../parts/fact.tsx';
import { DeclinedBy, SecondPerson } from '../parts/second-person.tsx';
import type { DeclinedReferral, Referral, ReferralBundle } from '../types.ts';
import { Lightbox } from './lightbox.tsx';
import type { OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';
import { aboutText, agencyName, answerText, distance, useAgencies } from './values.ts';

interface DocumentProps {
  open: OpenReport;
  referral: Referral;
  /** What was declined before this one. */
  declined: DeclinedReferral | null;
  onClose: () => void;
  /** With what was done, in the language of the screen. */
  onDeclined: (words: () => string) => void;
}

interface Read {
  bundle: ReferralBundle;
  /** What is declined is exactly what was read; what is approved, too, by the bundle's tag. */
  etag: string;
}

export function ReferralDocument(props: DocumentProps) {
  const { open, referral, declined, onClose, onDeclined } = props;
  const t = reportTexts();
  const { api, me, names } = useDesk();
  const [read, setRead] = useState<Read | null>(null);
  const [problem, setProblem] = useSaid('');
  const path = { report_id: open.id };
  useEffect(() => {
    const params = { path: { report_id: open.id }, query: { number: referral.number } };
    const call = api.GET('/v1/officer/reports/{report_id}/referral', { params });
    void outcomeOf(call).then((outcome) => {
      if (!outcome.ok) return setProblem(outcome.failure.text);
      setRead({ bundle: outcome.data, etag: outcome.response.headers.get('ETag') ?? '' });
    });
  }, [api, open.id, referral.number]);
  const approve = async () => {
    const params = { path, header: { 'If-Match': read?.bundle.tag ?? '' } };
    const bundle = await ok(
      api.POST('/v1/officer/reports/{report_id}/referral/approve', { params }),
    );
    setRead({ bundle, etag: '' });
    await open.load();
  };
  /** Another officer was faster: what is behind this document says so. */
  const deal = async ({ status }: Failure) => {
    if (status === 409 || status === 412) void open.load();
    return false;
  };
  const withdraw = async () => {
    const outcome = await outcomeOf(
      api.DELETE('/v1/officer/reports/{report_id}/referral', { params: { path } }),
    );
    if (!outcome.ok) {
      setProblem(outcome.failure.text);
      return void deal(outcome.failure);
    }
    onClose();
    await open.load();
  };
  const decline = async (reason: string) => {
    const params = { path, header: { 'If-Match': read?.etag ?? '' } };
    await ok(
      api.POST('/v1/officer/reports/{report_id}/referral/decline', { params, body: { reason } }),
    );
    onDeclined(() => reportTexts().referral.declineDone(names.officer(referral.by)));
    onClose();
    void open.load();
  };
  const agency = read?.bundle.agency;
  const waits = read !== null && read.bundle.referral.approved_by === null;
  const passedOn = read !== null && !waits;
  const isMine = referral.by === me.username;
  const askBack = (close: () => void) => (
    <>
      <p role="alert">{t.referral.withdrawAsk}</p>
      <div class="row">
        <Button onClick={close}>{t.referral.keep}</Button>
        <Button kind="danger" onClick={() => void withdraw()}>
          {t.referral.withdraw}
        </Button>
      </div>
    </>
  );
  const end = isMine
    ? { label: t.referral.withdraw, ask: askBack }
    : {
        label: t.referral.decline,
        deal,
        reason: {
          intro: t.referral.declineWhat,
          label: t.referral.declineWhy(names.officer(referral.by)),
          submitLabel: t.referral.declineNow,
          send: decline,
        },
      };
  return (
    <>
      <Status kind="error">{problem}</Status>
      {read === null && !problem && <Spinner />}
      {read && (
        <div class="referral-document">
          <Content bundle={read.bundle} />
        </div>
      )}
      {waits && declined && (
        <section aria-labelledby="referral-declined-before">
          <h3 id="referral-declined-before">{t.referral.declinedBefore}</h3>
          <Declined declined={declined} />
        </section>
      )}
      <SecondPerson
        isMine={isMine}
        hint={t.referral.approveHint(agency?.label ?? referral.agency)}
        approve={waits ? { label: t.referral.approve, act: approve, deal } : null}
        end={waits ? end : null}
      >
        {passedOn && (
          <Button
            kind={agency?.receives === 'phone' ? 'secondary' : 'primary'}
            onClick={() => print()}
          >
            <Icon name="print" />
            {t.referral.print}
          </Button>
        )}
        <Button onClick={onClose}>{t.referral.close}</Button>
      </SecondPerson>
    </>
  );
}

/**
 * The pictures, each as large as the screen for whoever looks for a face that was missed; and once
 * they are passed on, the way to each file.
 */
function Pictures({ urls, isPassedOn }: { urls: readonly string[]; isPassedOn: boolean }) {
  const t = reportTexts();
  const [shown, setShown] = useState<string | null>(null);
  return (
    <>
      <div class="side-by-side__pictures">
        {urls.map((url, index) => (
          <button
            key={url}
            type="button"
            class="medium__button"
            aria-label={t.media.enlarge(index + 1)}
            onClick={() => setShown(url)}
          >
            <img src={url} alt={t.media.picture(index + 1, urls.length)} />
          </button>
        ))}
      </div>
      <Lightbox
        pictures={urls.map((url) => ({ id: url, url }))}
        shown={shown}
        show={setShown}
        onClose={() => setShown(null)}
      />
      {isPassedOn && urls.length > 0 && (
        <div class="no-print">
          <p class="row">
            {urls.map((url, index) => (
              <a key={url} class="button" href={url} target="_blank" rel="noreferrer">
                {t.referral.picture(index + 1)}
              </a>
            ))}
          </p>
          <p class="hint">{t.referral.pictureHint}</p>
        </div>
      )}
    </>
  );
}

type Place = NonNullable<ReferralBundle['document']['place']>;

/** The place as exact as it is known: the agency sends somebody there. */
function PlaceFacts({ place }: { place: Place }) {
  const t = reportTexts();
  const { lat, lon, accuracy_m: metres, address } = place;
  const about = aboutText(metres);
  return (
    <>
      {(about || address !== undefined) && (
        <Fact name={t.place.title}>
          {about && <p class="place__about">{about}</p>}
          {address}
        </Fact>
      )}
      <Fact name={about ? t.place.middle : t.place.coordinates}>
        <code>{`${lat.toFixed(5)}, ${lon.toFixed(5)}`}</code>
        {metres !== undefined && !about && ` ${t.place.accuracy(distance(metres))}`}
      </Fact>
    </>
  );
}

function Content({ bundle: { referral, agency, document } }: { bundle: ReferralBundle }) {
  const t = reportTexts();
  return (
    <>
      <p class="no-print">{t.referral.reasonIs(referral.reason)}</p>
      {referral.approved_by !== null && agency && document.words === null && (
        <p class="report__note no-print" role="status">
          <strong>{t.referral.how}</strong> {agency.how}
        </p>
      )}
      <dl class="facts">
        {document.words === null && (
          <>
            <Fact name={t.facts.reference}>{document.reference}</Fact>
            <Fact name={t.facts.category}>{document.category_label}</Fact>
          </>
        )}
        <Fact name={t.facts.district}>{document.district_label}</Fact>
        {document.words === null && (
          <Fact name={t.facts.received}>{clock(document.received_at)}</Fact>
        )}
        {document.occurred_at !== null && (
          <Fact name={t.facts.occurred}>{clock(document.occurred_at)}</Fact>
        )}
        {document.place && <PlaceFacts place={document.place} />}
        {document.details?.map(({ name, label, value, value_label: text }) => (
          <Fact key={name} name={label}>
            {answerText(value, text)}
          </Fact>
        ))}
      </dl>
      {document.words !== null && <p class="report__text">{document.words}</p>}
      {document.text !== null && <p class="report__text">{document.text}</p>}
      <Pictures
        urls={document.pictures?.map(({ url }) => url) ?? []}
        isPassedOn={referral.approved_by !== null}
      />
    </>
  );
}

/** Who has declined what, and why. */
export function Declined({ declined }: { declined: DeclinedReferral }) {
  const { referral: t } = reportTexts();
  const { names } = useDesk();
  const agencies = useAgencies();
  const { referral, by, at, reason } = declined;
  const agency = agencyName(agencies, referral.agency);
  const included = referral.include.map((part) => t.partNames[part]);
  const parts = listed(referral.words === null ? included : [t.ownWords, ...included]);
  return (
    <DeclinedBy
      lines={[
        t.declinedWhat(names.officer(referral.by), agency, parts),
        t.declinedBy(names.officer(by), clock(at)),
      ]}
      reason={reason}
    />
  );
}
