import { useEffect, useRef, useState } from 'preact/hooks';

import type { Schemas } from '../../shared/api.ts';
import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language, sentences } from '../../shared/language.ts';
import { download } from '../download.ts';
import { randomUuid } from '../../../sdk/outbox/uuid.ts';
import { Sure } from '../parts/sure.tsx';
import { locate, type NoFix } from '../position.ts';
import { tell } from '../screen.ts';
import { outbox } from '../service.ts';
import { showTime } from '../../shared/time.ts';
import {
  addPosition,
  loadProof,
  type OwnReport,
  receipt,
  refresh,
  useLatest,
  withdraw,
} from './report.ts';
import { mine } from './texts.ts';
import { forgetUnsent } from './text-form.tsx';

const FEW = 5;

/** What a step came to, said where it was taken. */
interface Said {
  readonly kind: 'success' | 'error';
  readonly text: string;
}

/** One later place: where the phone is now. */
export function AddPlace({ report }: { report: OwnReport }) {
  const text = mine();
  const [said, setSaid] = useLatest<Said | null>(null);
  // A place whose call has not come back keeps its key.
  const key = useRef(randomUuid());

  const send = async (): Promise<void> => {
    setSaid(null);
    try {
      const { lat, lon, accuracy, heading, speed, at } = await locate();
      const outcome = await addPosition(
        {
          lat,
          lon,
          datum: 'wgs84',
          accuracy_m: Math.min(Math.ceil(accuracy), 100_000),
          at: new Date(at).toISOString(),
          ...(heading === null ? {} : { heading }),
          ...(speed === null ? {} : { speed }),
        },
        key.current,
      );
      if (outcome.done || outcome.code !== '') key.current = randomUuid();
      setSaid(
        outcome.done
          ? { kind: 'success', text: placeSent(outcome.value.left) }
          : { kind: 'error', text: outcome.detail || text.failed },
      );
      await refresh('step');
    } catch (reason) {
      setSaid({ kind: 'error', text: placeWords(reason) });
    }
  };
  if (report.status === 'withdrawn') return null;
  return (
    <div class="step">
      <Button class="wide" onClick={send}>
        {text.addPlace}
      </Button>
      <p class="muted">{text.addPlaceHint}</p>
      <Result said={said} />
    </div>
  );
}

const HOUR_MS = 3_600_000;

/** Say what a proof is worth now. */
function worthOf(proof: Schemas['Proof']): string {
  const text = mine();
  if (!proof.complete_by) return text.proofSaved;
  if (proof.late) return text.proofLate;
  return text.proofLater(showTime(proof.complete_by, language.value));
}

/** When to look again for a whole proof, in Unix milliseconds; 0 for one that is whole. */
function nextLook(proof: Schemas['Proof']): number {
  if (!proof.complete_by) return 0;
  return proof.late ? Date.now() + HOUR_MS : Date.parse(proof.complete_by);
}

/** Save the proof that the report was filed, with the exact text if it is still on this phone. */
export function SaveProof() {
  const text = mine();
  const [said, setSaid] = useLatest<Said | null>(null);
  const [again, setAgain] = useState(0);

  const save = async (): Promise<void> => {
    const outcome = await loadProof();
    if (!outcome.done) {
      setSaid({ kind: 'error', text: outcome.detail || text.failed });
      return;
    }
    const proof = outcome.value;
    download('proof.json', json(JSON.stringify(proof, null, 1)));
    const body = await sentBody();
    if (body !== undefined) download('report.json', json(body));
    setSaid({ kind: 'success', text: sentences(worthOf(proof), text.proofSeen) });
    setAgain(nextLook(proof));
  };

  // A proof that is not whole is looked for again when it should be.
  useEffect(() => {
    if (again === 0) return;
    const look = async (): Promise<void> => {
      const outcome = await loadProof();
      if (outcome.done && !outcome.value.complete_by) {
        setSaid({ kind: 'success', text: mine().proofWhole });
        setAgain(0);
      } else {
        setAgain(Date.now() + HOUR_MS);
      }
    };
    const timer = setTimeout(() => void look(), Math.max(0, again - Date.now()));
    return () => clearTimeout(timer);
  }, [again, setSaid]);

  return (
    <div class="step">
      <Button class="wide" onClick={save}>
        {text.proof}
      </Button>
      <p class="muted">{text.proofHint}</p>
      <Result said={said} />
    </div>
  );
}

/** Withdraw the report, after a question. */
export function Withdraw({ report }: { report: OwnReport }) {
  const text = mine();
  const [asked, setAsked] = useState(false);
  const [said, setSaid] = useLatest<Said | null>(null);
  const take = async (): Promise<void> => {
    const outcome = await withdraw();
    if (outcome.done) {
      await forgetUnsent(report.id);
      await refresh('step');
      tell(text.withdrawn);
      return;
    }
    setSaid({ kind: 'error', text: outcome.detail || text.failed });
    setAsked(false);
  };
  return (
    <div class="step">
      {asked ? (
        <Sure
          title={text.withdrawTitle}
          yes={text.withdrawYes}
          no={text.withdrawNo}
          onYes={take}
          onNo={() => setAsked(false)}
        >
          <p>{text.withdrawText}</p>
        </Sure>
      ) : (
        <Button class="wide" onClick={() => setAsked(true)}>
          {text.withdraw}
        </Button>
      )}
      <Result said={said} />
    </div>
  );
}

function Result({ said }: { said: Said | null }) {
  return (
    <>
      <Status kind="success">{said?.kind === 'success' && <p>{said.text}</p>}</Status>
      <Status kind="error">{said?.kind === 'error' && <p>{said.text}</p>}</Status>
    </>
  );
}

/** How many more can be sent matters to nobody before it is few. */
function placeSent(left: number): string {
  const text = mine();
  return sentences(text.placeSent, left <= FEW ? text.placesLeft(left) : '');
}

function placeWords(reason: unknown): string {
  const text = mine();
  const words: Readonly<Record<NoFix, string>> = {
    denied: text.placeDenied,
    lost: text.placeLost,
    absent: text.placeAbsent,
  };
  return words[reason === 'denied' || reason === 'absent' ? reason : 'lost'];
}

/** Return the bytes that were sent as the report, if its entry is still in the outbox. */
async function sentBody(): Promise<string | undefined> {
  const entry = outbox.value?.entries.value.find(
    (one) => one.receipt === receipt.value && one.category !== '',
  );
  return entry && outbox.value?.bodyOf(entry.id);
}

function json(text: string): Blob {
  return new Blob([text], { type: 'application/json' });
}
