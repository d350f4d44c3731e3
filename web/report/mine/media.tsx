import { useEffect, useLayoutEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Form } from '../../shared/components/field.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Status } from '../../shared/components/status.tsx';
import type { Schemas } from '../../shared/api.ts';
import { labelled, useSaid } from '../../shared/language.ts';
import { fileFaults, fileName, kindOf, recordedMs, uncutOf } from '../attachment.ts';
import { catalogue } from '../catalogue.ts';
import type { Limits } from '../form.ts';
import { guardClosing } from '../leave.ts';
import { goesOn, once } from '../once.ts';
import { type Entry, type ExistingReport, type Outbox, Unacceptable } from '../../../sdk/outbox/types.ts';
import { openedOutbox, outbox } from '../service.ts';
import { Sure } from '../parts/sure.tsx';
import { Files } from '../sent/files.tsx';
import { Attachments } from '../write/attachments.tsx';
import { chosenFiles } from '../write/chosen.ts';
import { type FieldError, errorsOf, fieldId, summary, unacceptable } from '../write/errors.ts';
import { dropRecording, endRecording, isRecording } from '../write/record.tsx';
import { write } from '../write/texts.ts';
import { type OwnReport, receipt, refreshUntilArrived, report, useLatest } from './report.ts';
import { mine } from './texts.ts';

type Medium = Schemas['OwnMedium'];

const files = chosenFiles();
/** The report that they were chosen for: they are offered for no other. */
let chosenFor = '';
const ADDING = 'files';

// No draft keeps what is recorded for a report that is open.
guardClosing(hasRecorded);

/** Return whether something was recorded here, or is, that is nowhere else. */
function hasRecorded(): boolean {
  const isOwn = report.value !== null && isRecording();
  return isOwn || files.all.value.some(({ file }) => recordedMs(file) !== null);
}

/** What the person has sent, each with what became of it. */
export function OwnMedia({ report }: { report: OwnReport }) {
  const text = mine();
  const own = report.media.filter(({ from }) => from === 'reporter');
  if (own.length === 0) return null;
  return (
    <>
      <h3>{text.media}</h3>
      <ul class="plain pictures">
        {own.map((medium, at) => (
          <li key={medium.media_id} class="pictures__one">
            {medium.thumbnail_url && (
              <img src={medium.thumbnail_url} alt="" decoding="async" />
            )}
            <p class="pictures__name">
              <strong>{fileName({ type: medium.content_type }, at + 1)}</strong>{' '}
              <span class="muted">{stateOf(medium)}</span>
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What became of a file, and why. */
function stateOf({ content_type: type, state, reason_text: why }: Medium): string {
  const text = mine();
  const states: Readonly<Record<string, string>> = {
    awaiting: text.awaiting,
    ready: text.ready,
    rejected: text.rejected,
  };
  const said = states[state] ?? text.weHave[kindOf({ type, name: '' }) ?? 'image'];
  return why ? labelled(said, why) : said;
}

/** Pictures that officers sent, apart from the person's own. */
export function OfficersPictures({ report }: { report: OwnReport }) {
  const text = mine();
  const pictures = report.media.filter(({ from, state }) => from === 'officer' && state === 'ready');
  if (pictures.length === 0) return null;
  return (
    <section aria-labelledby="from-officer">
      <h2 id="from-officer">{text.fromOfficer}</h2>
      <ul class="plain pictures">
        {pictures.map((medium, at) => (
          <Enlarging key={medium.media_id} medium={medium} number={at + 1} />
        ))}
      </ul>
    </section>
  );
}

function Enlarging({ medium, number }: { medium: Medium; number: number }) {
  const text = mine();
  const [large, setLarge] = useState(false);
  const source = large ? medium.preview_url : medium.thumbnail_url;
  return (
    <li class={large ? 'pictures__large' : 'pictures__one'}>
      <button
        type="button"
        class="picture-button"
        aria-expanded={large}
        aria-label={large ? text.shrink : text.enlarge(number)}
        onClick={() => setLarge(!large)}
      >
        {source && <img src={source} alt={text.picture(number)} decoding="async" />}
      </button>
    </li>
  );
}

/** More photos, videos or sound for the report, by the same outbox. */
export function MoreMedia({ report }: { report: OwnReport }) {
  const text = mine();
  const [open, setOpen] = useState(report.id === chosenFor && files.all.value.length > 0);
  const [asked, setAsked] = useState(false);
  const [keep, setKeep] = useState(false);
  const [uncut, setUncut] = useState<readonly string[]>([]);
  const [errors, setErrors] = useSaid<readonly FieldError[]>([]);
  const [said, setSaid] = useLatest('');
  const entries = (outbox.value?.entries.value ?? []).filter(
    (entry) => entry.category === '' && !entry.text && entry.reportId === report.id,
  );
  const limits = catalogue.value?.limits;
  useLayoutEffect(() => {
    if (report.id !== chosenFor) files.clear();
    chosenFor = report.id;
  }, [report.id]);
  // Also of a form that was left meanwhile, and has come again.
  const isAdding = goesOn(ADDING);
  const done = entries.filter(({ files, state }) =>
    state === 'sent' && files.every((file) => file.state === 'sent'),
  );
  const doneIds = done.map(({ id }) => id).join(' ');
  useEffect(() => {
    if (!doneIds) return;
    // Nothing is left on the phone of what has arrived.
    for (const id of doneIds.split(' ')) void outbox.value?.erase(id);
    setSaid(() => mine().addedMedia);
    void refreshUntilArrived();
  }, [doneIds]);

  const faults = (): readonly FieldError[] => {
    const all = files.all.value;
    if (all.length === 0) return [{ field: fieldId('media'), text: mine().noFiles }];
    return limits ? errorsOf([], fileFaults(all, limits, roomFor(report, limits, entries))) : [];
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a file that comes or goes mends.
  useEffect(() => {
    // A file that came or went may have put something right. Nothing new is found before "Send".
    const before = errors.map(({ field }) => field);
    if (before.length > 0) setErrors(() => faults().filter(({ field }) => before.includes(field)));
  }, [files.all.value]);

  const send = async (): Promise<void> => {
    await endRecording();
    const box = await openedOutbox();
    if (!receipt.value || !limits) return;
    setErrors(faults);
    if (faults().length > 0) return;
    setSaid('');
    const to = { id: report.id, receipt: receipt.value, reference: report.reference };
    await once(ADDING, () => give(box, to));
  };
  const give = async (box: Outbox, to: ExistingReport): Promise<void> => {
    const given = files.all.value;
    try {
      const added = given.map(({ file }) => file);
      await box.addFiles(to, added, { place: keep, time: keep, uncut: uncutOf(added, uncut) });
      setUncut([]);
      // One that has come meanwhile, from a camera that was open, is not sent.
      for (const { id } of given) files.remove(id);
      setErrors([]);
      setOpen(files.all.value.length > 0);
    } catch (fault) {
      setErrors(() => [
        fault instanceof Unacceptable ? unacceptable(fault, given) : { text: mine().failed },
      ]);
    }
  };

  const close = (): void => {
    dropRecording();
    files.clear();
    setAsked(false);
    setUncut([]);
    setErrors([]);
    setOpen(false);
  };

  return (
    <div class="step">
      {open ? (
        <Form>
          <ErrorSummary errors={summary(errors, undefined, files.all.value)} />
          {/* What is being taken by the outbox is neither changed nor removed. */}
          <div inert={isAdding}>
            <Attachments
              files={files}
              keep={keep}
              uncut={uncut}
              errors={errors}
              onKeep={setKeep}
              onUncut={setUncut}
              {...(limits && { most: roomFor(report, limits, entries) })}
            />
          </div>
          {asked ? (
            <Sure
              title={write().removeSure}
              yes={write().removeYes}
              no={write().removeNo}
              onYes={close}
              onNo={() => setAsked(false)}
            >
              <p>{write().removeText}</p>
            </Sure>
          ) : (
            <div class="row">
              {/* It submits, too, for the summary, which listens to its form. */}
              <Button kind="primary" type="submit" busy={isAdding} onClick={send}>
                {text.addFiles}
              </Button>
              <Button disabled={isAdding} onClick={() => (hasRecorded() ? setAsked(true) : close())}>
                {text.addNot}
              </Button>
            </div>
          )}
        </Form>
      ) : (
        <Button class="wide" onClick={() => setOpen(true)}>
          {text.addMedia}
        </Button>
      )}
      {entries.map((entry) => (
        <div key={entry.id}>
          <Files entry={entry} />
          <Button
            kind={entry.state === 'sent' ? 'secondary' : 'quiet'}
            onClick={() => void outbox.value?.erase(entry.id)}
          >
            {entry.state === 'sent' ? text.understood : text.eraseFiles}
          </Button>
        </div>
      ))}
      <Status kind="success">{said}</Status>
    </div>
  );
}

/** Return how many files a report can still have, besides those that wait to be added. */
function roomFor(report: OwnReport, limits: Limits, waiting: readonly Entry[]): number {
  const sent = report.media.filter(({ from }) => from === 'reporter').length;
  const unsent = waiting.flatMap((entry) => entry.files).filter(({ state }) => state === 'waiting');
  return Math.max(0, limits.media_per_report - sent - unsent.length);
}
