import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Radios } from '../../shared/components/choices.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Form, TextBox } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { colon, useSaid } from '../../shared/language.ts';
import { type FileFault, fileFaults, kindOf, uncutOf } from '../attachment.ts';
import { catalogue, catalogueState, categories, categoryOf, leadCategories, loadCatalogue } from '../catalogue.ts';
import {
  type Category,
  contentOf,
  type Fault,
  faultsOf,
  isBegun,
  isOpen,
  isPlaceless,
  isUrgent,
  type Limits,
  type Subject,
} from '../form.ts';
import { Unacceptable } from '../../../sdk/outbox/types.ts';
import { Heading } from '../parts/heading.tsx';
import { Length, TEXT_MAX } from '../parts/length.tsx';
import { Missing } from '../parts/later.tsx';
import { Sure } from '../parts/sure.tsx';
import { KeepForLater } from '../parts/word.tsx';
import { go } from '../screen.ts';
import { openedOutbox, outbox } from '../service.ts';
import { frame } from '../texts.ts';
import { Attachments } from './attachments.tsx';
import { ContactFields, Elsewhere, Police, Questions, When, Where } from './folds.tsx';
import { Here } from './here.tsx';
import { type FieldError, errorOf, errorsOf, fieldId, summary, unacceptable } from './errors.ts';
import {
  beginForm,
  change,
  chosen as files,
  clearForm,
  form,
  keepForm,
  kept,
  leaveForm,
  openDraft,
  refusals,
  sendForm,
} from './state.ts';
import { endRecording } from './record.tsx';
import { write } from './texts.ts';
import './write.css';

let following = false;

export interface WriteProps {
  /** A new report; null for one that was begun. */
  begin: { readonly category: string; readonly bulletin: Subject | null } | null;
  /** The draft to go on with; null for the report that is open. */
  draft: string | null;
}

/** The page on which a report is written. What is optional is folded away. */
export function Write({ begin, draft }: WriteProps) {
  const [open, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a screen opens one report.
  useEffect(() => {
    if (!following) keepForm();
    following = true;
    const opened = begin
      ? beginForm(begin.category, begin.bulletin)
      : draft === null
        ? Promise.resolve()
        : openDraft(draft).then((found) => {
            if (!found) go({ name: 'start' });
          });
    void opened.then(() => setOpen(true));
    return () => void leaveForm();
  }, []);
  if (catalogueState.value === 'failed') {
    return (
      <>
        <Heading>{write().title}</Heading>
        <Missing shown onAgain={() => void loadCatalogue()} />
      </>
    );
  }
  if (!open || !catalogue.value) return <p class="muted">{frame().loading}</p>;
  return (
    <>
      <WritePage />
      {isBegun(form.value, files.all.value.length) && <KeepForLater />}
    </>
  );
}

function WritePage() {
  const text = write();
  const [errors, setErrors] = useSaid<readonly FieldError[]>([]);
  const [attempt, setAttempt] = useState(0);
  const [busy, setBusy] = useState(false);
  const [discarding, setDiscarding] = useState(false);
  // Another page has sent or erased it: whether it is sent from here, too, is asked.
  const [isTwice, setTwice] = useState(false);
  const isHere = useIsHere();
  const [choosing, setChoosing] = useState(!form.value.category);
  // Of a lead those are asked that lead to its bulletin, and others when they are wanted.
  const [others, setOthers] = useState(!isLead(form.value.bulletin) || Boolean(form.value.category));
  const limits = catalogue.value?.limits;
  const chosen = categoryOf(form.value.category);
  const refused = refusals.value.map(({ field, text: why }) => ({
    field: fieldId(field),
    text: why,
    // What is wrong with the whole report leads to its text, too.
    ...(field === 'text' && { label: '' }),
  }));
  const shown = [...errors, ...refused];
  const error = (field: string): string | null => errorOf(shown, field);

  const { category, place } = form.value;
  const placeless = isPlaceless(place);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another choice mends.
  useEffect(() => {
    if (!limits || errors.length === 0) return;
    // What has just been chosen may have put something right. Nothing new is found before "Send".
    const [faults, wrongFiles] = look(limits);
    const before = errors.map(({ field }) => field);
    setErrors(() => errorsOf(faults, wrongFiles).filter(({ field }) => before.includes(field)));
  }, [files.all.value, category, place.kind]);

  const send = async ({ isSure }: { isSure: boolean }): Promise<void> => {
    if (!limits) return;
    await endRecording();
    const box = await openedOutbox();
    // Of what was left before the outbox could have it, the first screen says that it is begun.
    if (!isHere.current) return;
    const [faults, wrongFiles] = look(limits);
    refusals.value = [];
    setErrors(() => errorsOf(faults, wrongFiles));
    setAttempt((before) => before + 1);
    if (faults.length + wrongFiles.length > 0) return;
    setBusy(true);
    try {
      const placeless = isPlaceless(form.value.place);
      const about = form.value.bulletin?.title;
      const entry = await sendForm(isSure, (words, attached, begun) => {
        const { keepMetadata, uncut } = words;
        return box.add({
          report: contentOf(words, categoryOf(words.category)),
          files: attached,
          keep: { place: keepMetadata, time: keepMetadata, uncut: uncutOf(attached, uncut) },
          begun,
        });
      });
      setTwice(entry === null);
      if (entry === null) return;
      // Whoever has gone to another screen meanwhile stays there.
      if (isHere.current) go({ name: 'sent', entry: entry.id, placeless, about });
    } catch (fault) {
      const all = files.all.value;
      setErrors(() => [
        fault instanceof Unacceptable ? unacceptable(fault, all) : { text: write().unprepared },
      ]);
    } finally {
      setBusy(false);
    }
  };

  const discard = async (): Promise<void> => {
    const isErased = await clearForm();
    // Whoever has gone to another screen meanwhile stays there.
    if (!isHere.current) return;
    if (isErased) go({ name: 'start' });
    else go({ name: 'start' }, text.notErased, 'warning');
  };

  return (
    <Form
      class="write"
      // What is being taken by the outbox is neither changed nor erased.
      inert={busy}
      // "Enter" in a field sends nothing: only the button does, and it is no submit button.
    >
      {/* Begun by the red button, the category is the first question. */}
      <Heading>{choosing || !chosen ? text.category : chosen.label}</Heading>
      <ErrorSummary errors={summary(shown, chosen, files.all.value)} attempt={attempt} />
      {form.value.bulletin?.title && <About subject={form.value.bulletin} />}
      {choosing ? (
        <Radios
          id={fieldId('category')}
          legend={text.category}
          said
          chosen={form.value.category}
          choices={offered(form.value.bulletin, others).map((one) => ({
            code: one.code,
            label: one.label,
            closed: !isOpen(one),
          }))}
          error={error('category')}
          onChange={(code) => change({ category: code })}
        />
      ) : null}
      {choosing && !others && form.value.bulletin && (
        <Button kind="quiet" onClick={() => setOthers(true)}>
          {text.others}
        </Button>
      )}
      {!choosing && (
        <p class="write__category">
          <Button kind="quiet" id={fieldId('category')} onClick={() => setChoosing(true)}>
            {text.change}
          </Button>
        </p>
      )}
      <Attachments
        files={files}
        keep={form.value.keepMetadata}
        uncut={form.value.uncut}
        errors={shown}
        hint={chosen ? text.mediaHint : text.mediaHintFirst}
        onKeep={(keepMetadata) => change({ keepMetadata })}
        onUncut={(uncut) => change({ uncut })}
      />
      {isUrgent(chosen) && <Here />}
      {/* The camera stays in sight on a phone. */}
      <Police error={error('concerns_police')} />
      <TextBox
        id={fieldId('text')}
        label={text.text}
        hint={text.textHint}
        error={error('text')}
        optional={files.all.value.length > 0}
        rows={4}
        value={form.value.text}
        onValue={(text) => change({ text })}
      />
      <Length text={form.value.text} most={limits?.text_max ?? TEXT_MAX} />
      <h2>{text.optional}</h2>
      <Where errors={shown} />
      <When error={error('occurred_at')} />
      {chosen && <Questions category={chosen} errors={shown} />}
      <ContactFields errors={shown} />
      <Elsewhere />
      <section class="before" aria-labelledby="before">
        <h2 id="before">{text.before}</h2>
        <ul>
          <li>{text.beforeReceipt}</li>
          <li>{text.beforeHidden}</li>
          <li>{text.beforePublic}</li>
          {files.all.value.some(({ file }) => isHeard(kindOf(file))) && <li>{text.voice}</li>}
        </ul>
      </section>
      <div class="send">
        <Status>{placeless && <p>{text.placeless}</p>}</Status>
        <Button
          kind="danger"
          class="wide send__button"
          busy={busy}
          onClick={() => send({ isSure: false })}
        >
          {busy ? text.keeping : text.send}
        </Button>
        {/* Its room stays while somebody writes. */}
        {isBegun(form.value, files.all.value.length) && (
          <p class="send__kept muted">{kept.value === 'kept' && text.kept}</p>
        )}
        <Status kind="warning">
          {kept.value === 'partly' && <p>{text.full}</p>}
          {/* Of a browser that keeps nothing the frame says so. */}
          {kept.value === 'not' && outbox.value?.durable !== false && <p>{text.notKept}</p>}
          {kept.value === 'gone' && <p>{text.elsewhere}</p>}
        </Status>
      </div>
      {isTwice && (
        <Sure
          title={text.twiceSure}
          yes={text.twiceYes}
          no={text.twiceNo}
          busy={busy}
          onYes={() => send({ isSure: true })}
          onNo={discard}
        >
          <p>{text.elsewhere}</p>
        </Sure>
      )}
      {discarding ? (
        <Sure
          title={text.discardSure}
          yes={text.discard}
          no={text.cancel}
          busy={busy}
          onYes={discard}
          onNo={() => setDiscarding(false)}
        >
          <p>{text.discardText}</p>
        </Sure>
      ) : (
        <>
          <Button kind="quiet" onClick={() => setDiscarding(true)}>
            {text.discard}
          </Button>
          {outbox.value?.durable && !isUnkept(kept.value) && (
            <p class="write__stays muted">{text.stays}</p>
          )}
        </>
      )}
    </Form>
  );
}

function isHeard(kind: ReturnType<typeof kindOf>): boolean {
  return kind === 'video' || kind === 'audio';
}

/** Return whether a reload would not find it, or not all of it. */
function isUnkept(state: typeof kept.value): boolean {
  return state === 'partly' || state === 'not' || state === 'gone';
}

/** Whether this screen is still shown: what it waited for may come later. */
function useIsHere(): { readonly current: boolean } {
  const isHere = useRef(true);
  useEffect(
    () => () => {
      isHere.current = false;
    },
    [],
  );
  return isHere;
}

/** Return what is wrong with the words and with the files, as they are now. */
function look(limits: Limits): readonly [readonly Fault[], readonly FileFault[]] {
  const { value } = files.all;
  const category = categoryOf(form.value.category);
  return [
    faultsOf(form.value, value.length, category, limits, new Date()),
    fileFaults(value, limits),
  ];
}

/** Return the categories that lead to a bulletin, and all `others` if they are wanted. */
function offered(bulletin: Subject | null, others: boolean): readonly Category[] {
  const first = bulletin ? leadCategories(bulletin.channel) : [];
  return others ? [...first, ...categories.value.filter((one) => !first.includes(one))] : first;
}

function isLead(bulletin: Subject | null): boolean {
  return bulletin !== null && leadCategories(bulletin.channel).length > 0;
}

/** The bulletin that a lead is about, in sight while it is written. */
function About({ subject: { title, picture } }: { subject: Subject }) {
  const [isThere, setThere] = useState(true);
  return (
    <p class="subject">
      {picture && isThere && (
        <img class="subject__picture" src={picture} alt="" onError={() => setThere(false)} />
      )}
      <span class="subject__title">
        {write().lead}
        {colon()}
        <strong>{title}</strong>
      </span>
    </p>
  );
}
