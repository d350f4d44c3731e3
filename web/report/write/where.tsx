import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Radios } from '../../shared/components/choices.tsx';
import { Field } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { isPlaced, type Place } from '../form.ts';
import { Fold } from '../parts/fold.tsx';
import { locate, type NoFix } from '../position.ts';
import { AreaChooser } from './area-chooser.tsx';
import { type FieldError, errorOf, fieldId } from './errors.ts';
import { change, form } from './state.ts';
import { frame } from '../texts.ts';
import { write } from './texts.ts';

/** Where it was: here, an area of the map, or not said. */
export function Where({ errors }: { errors: readonly FieldError[] }) {
  const text = write();
  const { place, address } = form.value;
  const [way, setWay] = useState<string>(wayOf(place));
  const [search, setSearch] = useState<'looking' | NoFix | null>(
    place.kind === 'unfound' ? 'lost' : null,
  );
  const error = errorOf(errors, 'location.lat');
  const addressError = errorOf(errors, 'location.address');

  const look = async (): Promise<void> => {
    setSearch('looking');
    change({ place: { kind: 'unfound' } });
    try {
      const { lat, lon, accuracy } = await locate();
      // Not if another way was chosen, or the report sent, meanwhile.
      if (form.value.place.kind !== 'unfound') return;
      change({ place: { kind: 'here', lat, lon, accuracy } });
      setSearch(null);
    } catch (reason) {
      setSearch(reason === 'denied' || reason === 'absent' ? reason : 'lost');
    }
  };
  const choose = (code: string): void => {
    setWay(code);
    setSearch(null);
    if (code === 'here') void look();
    else change({ place: { kind: code === 'area' ? 'unpicked' : 'none' } });
  };
  const failures = { denied: text.denied, lost: text.lost, absent: text.noPlace };
  const value =
    place.kind === 'here'
      ? text.whereHere
      : place.kind === 'area'
        ? place.label
        : address.trim()
          ? text.filled
          : '';

  return (
    <Fold title={text.where} value={value} open={Boolean(error ?? addressError)}>
      <Radios
        id={fieldId('location.lat')}
        legend={text.where}
        said
        chosen={way}
        choices={[
          { code: 'here', label: text.whereHere },
          { code: 'area', label: text.whereArea },
          { code: 'none', label: text.whereNone },
        ]}
        error={error}
        onChange={choose}
      />
      <Status>
        {way === 'here' && search === 'looking' && <p>{text.locating}</p>}
        {way === 'here' && place.kind === 'here' && <p>{text.located(Math.ceil(place.accuracy))}</p>}
      </Status>
      <Status kind="error">
        {search && search !== 'looking' && (
          <>
            <p>{failures[search]}</p>
            {search !== 'absent' && <Button onClick={() => void look()}>{frame().again}</Button>}
          </>
        )}
      </Status>
      {way === 'area' && <AreaChooser />}
      {isPlaced(place) && (
        <Field
          id={fieldId('location.address')}
          label={text.address}
          error={addressError}
          optional
        >
          {(control) => (
            <input
              {...control}
              type="text"
              autocomplete="off"
              value={address}
              onInput={(event) => change({ address: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
    </Fold>
  );
}

/** Return which way to a place was chosen. */
function wayOf({ kind }: Place): string {
  if (kind === 'unpicked') return 'area';
  return kind === 'unfound' ? 'here' : kind;
}
