/** The form of a report that an officer enters. */

import { useEffect, useRef, useState } from 'preact/hooks';

import { contains, type Feature, type Point } from '../../shared/area.ts';
import { AreaOptions, Check, choicesOf, Select } from '../../shared/components/choices.tsx';
import { Button } from '../../shared/components/button.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Field, Form, TextBox, TextField } from '../../shared/components/field.tsx';
import { QuestionField } from '../../shared/components/question-field.tsx';
import { useSaid } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { CityMap } from '../map/city-map.tsx';
import { focusHeading } from '../parts/focus.ts';
import type { Areas, Schemas } from '../types.ts';
import { words } from '../words.ts';
import {
  areaOf,
  draftOf,
  type Entered,
  enteredIn,
  type EntryError,
  errorOf,
  faultsOf,
  idOf,
  inWords,
  NOTHING_ENTERED,
  pointOf,
  refusals,
  submissionOf,
} from './submission.ts';
import { entryTexts } from './texts.ts';

const SOURCES = ['phone', 'desk', 'other', 'drill'] as const;
// Its key among the drafts: the officer may look at another report, and come back.
const DRAFT = 'entry';

interface FormProps {
  onCreated: (created: Schemas['CreatedReport']) => void;
}

export function EntryForm({ onCreated }: FormProps) {
  const t = entryTexts();
  const { api, drafts, entryKeys, names } = useDesk();
  const draft = drafts.get(DRAFT);
  const entered = enteredIn(draft);
  const [tried, setTried] = useState<readonly string[]>([]);
  const [refused, setRefused] = useSaid<EntryError[]>([]);
  const [busy, setBusy] = useState(false);
  const isShown = useIsShown();
  const areas = names.areas.value?.features ?? [];
  const categories = names.catalogue.value?.categories ?? [];
  const form = categories.find(({ code }) => code === entered.category)?.details ?? [];
  // What is put right is gone at once; what is new is said with the next try, not while one types.
  const faults = faultsOf(entered, areas).map((fault) => inWords(fault, entered, areas));
  const errors = [...faults.filter(({ key }) => tried.includes(key)), ...refused];
  const set = (change: Partial<Entered>) => {
    drafts.set(DRAFT, draftOf({ ...enteredIn(drafts.get(DRAFT)), ...change }));
    setRefused([]);
  };
  const empty = () => {
    set(NOTHING_ENTERED);
    setTried([]);
    // The button is gone, and the next report begins at the top.
    focusHeading();
  };
  const error = (id: string) => errorOf(errors, id);
  const submit = async () => {
    if (busy) return;
    setTried(faults.map(({ key }) => key));
    setRefused([]);
    if (faults.length > 0) return;
    setBusy(true);
    const body = submissionOf(entered, form, areas);
    const header = { 'Idempotency-Key': entryKeys.for(JSON.stringify(body)) };
    const outcome = await outcomeOf(api.POST('/v1/officer/reports', { params: { header }, body }));
    // Nobody would see the receipt. The form stays as it was sent, with its key: sent again, it is
    // the same report, and has the same receipt.
    if (!isShown()) return;
    setBusy(false);
    if (!outcome.ok) return setRefused(refusals(outcome.failure));
    entryKeys.done();
    drafts.set(DRAFT, '');
    onCreated(outcome.data);
  };
  return (
    <Form onSubmit={submit}>
      <p>{t.intro}</p>
      <ErrorSummary errors={errors} />
      <Select
        id={idOf('category')}
        label={t.category}
        error={error(idOf('category'))}
        chosen={entered.category}
        choices={[
          { code: '', label: t.choose },
          ...categories.filter(({ state }) => state === 'active' || state === 'shadow'),
        ]}
        onChange={(category) => set({ category, answers: {} })}
      />
      <Select
        id={idOf('source')}
        label={t.source}
        error={error(idOf('source'))}
        chosen={entered.source}
        choices={choicesOf(SOURCES, words().source)}
        onChange={(source) => set({ source })}
      />
      {(names.catalogue.value?.oversight.offered || entered.police) && (
        <Check
          id={idOf('police')}
          hint={names.catalogue.value?.oversight.text}
          checked={entered.police}
          onChange={(police) => set({ police })}
        >
          {t.police}
        </Check>
      )}
      <TextBox
        id={idOf('text')}
        label={t.text}
        error={error(idOf('text'))}
        rows={5}
        maxLength={4000}
        value={entered.text}
        onValue={(text) => set({ text })}
      />
      {form.map((field) => (
        <QuestionField
          key={field.name}
          id={idOf(`details.${field.name}`)}
          question={field}
          unanswered={t.unanswered}
          value={entered.answers[field.name] ?? ''}
          error={error(idOf(`details.${field.name}`))}
          onAnswer={(value) => set({ answers: { ...entered.answers, [field.name]: value } })}
        />
      ))}
      <Line {...{ entered, set, error }} name="occurred" input={{ type: 'datetime-local' }} />
      <Where {...{ entered, set, error }} />
      <div class="entry__pair">
        <Line {...{ entered, set, error }} name="name" />
        <Line {...{ entered, set, error }} name="phone" input={{ type: 'tel' }} />
      </div>
      <div class="row">
        <Button type="submit" kind="primary" busy={busy}>
          {t.submit}
        </Button>
        {draft && !busy && <Button onClick={empty}>{t.empty}</Button>}
      </div>
    </Form>
  );
}

/** Return what says whether the form is still on the page. */
function useIsShown(): () => boolean {
  const isShown = useRef(true);
  useEffect(
    () => () => {
      isShown.current = false;
    },
    [],
  );
  return () => isShown.current;
}

export interface Part {
  entered: Entered;
  set: (change: Partial<Entered>) => void;
  /** Return what is wrong with the field that has this id. */
  error: (id: string) => string | null;
}

interface LineProps extends Part {
  name: 'occurred' | 'name' | 'phone';
  input?: { type: 'text' } | { type: 'tel' } | { type: 'datetime-local' };
}

/** A field of one line that may be left empty. */
function Line({ entered, set, error, name, input = { type: 'text' } }: LineProps) {
  const t = entryTexts();
  return (
    <TextField
      id={idOf(name)}
      label={t[name]}
      error={error(idOf(name))}
      optional
      {...input}
      autocomplete="off"
      value={entered[name]}
      onValue={(value) => set({ [name]: value })}
    />
  );
}

/** Where it was: a district from the list or the map, an address in it, a point. */
// So many digits behind the point are a metre.
const DIGITS = 5;

export function Where({ entered, set, error }: Part) {
  const t = entryTexts();
  const { names } = useDesk();
  const areas = names.areas.value;
  const text = (name: 'address' | 'lat' | 'lon', hint: string) => (
    <TextField
      id={idOf(name)}
      label={t[name]}
      hint={hint}
      error={error(idOf(name))}
      optional
      type="text"
      autocomplete="off"
      value={entered[name]}
      // It is the officer's own number now.
      onValue={(value) => set({ [name]: value, ...(name !== 'address' && { within: null }) })}
    />
  );
  return (
    <fieldset class="entry__where">
      <legend class="field__label">{t.where}</legend>
      <Field
        id={idOf('area')}
        label={t.area}
        hint={areas ? undefined : t.noAreas}
        error={error(idOf('area'))}
        optional
      >
        {(control) => (
          <select
            {...control}
            value={entered.area}
            onChange={(event) => set(chosen(event.currentTarget.value, entered))}
          >
            <option value="">{t.noArea}</option>
            <AreaOptions label={t.districts} areas={ofKind(areas, 'district')} />
            <AreaOptions label={t.stations} areas={ofKind(areas, 'station')} />
          </select>
        )}
      </Field>
      {text('address', t.addressHint)}
      {areas && <PlaceMap {...{ entered, set, areas }} />}
      <div class="entry__pair">
        {text('lat', t.latHint)}
        {text('lon', t.lonHint)}
      </div>
    </fieldset>
  );
}

/** The city, to tap a district; then the district, to tap the place. The list is for whoever cannot. */
function PlaceMap({ entered, set, areas }: Omit<Part, 'error'> & { areas: Areas }) {
  const t = entryTexts();
  const area = areaOf(entered, areas.features);
  const point = pointOf(entered);
  const tap = (tapped: Point, within: number) => {
    if (area && contains(area, tapped)) {
      const [lat, lon] = [tapped.lat.toFixed(DIGITS), tapped.lon.toFixed(DIGITS)];
      return set({ lat, lon, within });
    }
    const district = areas.features.find(
      (each) => each.properties.kind === 'district' && contains(each, tapped),
    );
    if (district) set(chosen(district.properties.code, entered));
  };
  return (
    <div class="entry__map">
      <p class="field__hint">{area ? t.tapPlace(area.properties.label) : t.tapArea}</p>
      <CityMap
        areas={areas}
        label={t.map}
        marks={point ? [{ ...point, within: entered.within ?? undefined }] : []}
        within={area}
        onTap={tap}
      />
      {area && (
        <Button kind="quiet" onClick={() => set(chosen('', entered))}>
          {t.wholeCity}
        </Button>
      )}
    </div>
  );
}

function ofKind(areas: Areas | null, kind: Feature['properties']['kind']): readonly Feature[] {
  return areas?.features.filter(({ properties }) => properties.kind === kind) ?? [];
}

/** Return the change to another area. A point that was tapped was in the one before. */
function chosen(area: string, { within }: Part['entered']): Partial<Part['entered']> {
  return { area, ...(within !== null && { lat: '', lon: '', within: null }) };
}
