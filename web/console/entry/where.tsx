/** Where it was: a district from the list or the map, an address in it, a point. */

import { AreaOptions } from '../../shared/components/area-options.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Field } from '../../shared/components/field.tsx';
import { contains, type Feature, type Point } from '../../shared/area.ts';
import { useDesk } from '../desk.ts';
import { DistrictMap } from '../map/district-map.tsx';
import type { Areas } from '../types.ts';
import { idOf } from './errors.ts';
import type { Part } from './form.tsx';
import { areaOf, pointOf } from './place.ts';
import { entryTexts } from './texts.ts';

// So many digits behind the point are a metre.
const DIGITS = 5;

export function Where({ entered, set, error }: Part) {
  const t = entryTexts();
  const { names } = useDesk();
  const areas = names.areas.value;
  const text = (name: 'address' | 'lat' | 'lon', hint: string) => (
    <Field id={idOf(name)} label={t[name]} hint={hint} error={error(idOf(name))} optional>
      {(control) => (
        <input
          {...control}
          type="text"
          autocomplete="off"
          value={entered[name]}
          onInput={(event) =>
            set({
              [name]: event.currentTarget.value,
              // It is the officer's own number now.
              ...(name !== 'address' && { within: null }),
            })
          }
        />
      )}
    </Field>
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
      <DistrictMap
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
