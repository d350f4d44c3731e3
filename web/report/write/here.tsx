import { signal } from '@preact/signals';

import { contains } from '../../shared/area.ts';
import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { areas, loadAreas, locate, type NoFix } from '../position.ts';
import { frame } from '../texts.ts';
import { isPlaced } from '../form.ts';
import { fieldId } from './errors.ts';
import { change, form } from './state.ts';
import { write } from './texts.ts';

/** What the search for the phone came to, if it has found nothing. */
const search = signal<'looking' | NoFix>('lost');

/** Ask the phone where it is. Nothing else does. */
export async function findHere(): Promise<void> {
  search.value = 'looking';
  change({ place: { kind: 'unfound' } });
  try {
    const { lat, lon, accuracy } = await locate();
    // Not if another way was chosen, or the report sent, meanwhile.
    if (form.value.place.kind !== 'unfound') return;
    change({ place: { kind: 'here', lat, lon, accuracy } });
    if (areas.value.state !== 'ready') void loadAreas();
  } catch (reason) {
    search.value = reason === 'denied' || reason === 'absent' ? reason : 'lost';
  }
}

/** What was found, as officers will see it, or why nothing was. */
export function Found() {
  const text = write();
  const { place } = form.value;
  const failures = { denied: text.denied, lost: text.lost, absent: text.noPlace };
  const why = place.kind === 'unfound' && search.value !== 'looking' ? search.value : null;
  return (
    <>
      <Status>
        {place.kind === 'unfound' && why === null && <p>{text.locating}</p>}
        {place.kind === 'here' && <p>{text.located(Math.ceil(place.accuracy), areaOf(place))}</p>}
      </Status>
      <Status kind="error">
        {why && (
          <>
            <p>{failures[why]}</p>
            {why !== 'absent' && <Button onClick={() => void findHere()}>{frame().again}</Button>}
          </>
        )}
      </Status>
    </>
  );
}

/** One tap beside the camera: the place of whoever sees something urgent. */
export function Here() {
  const text = write();
  const { place } = form.value;
  const { kind } = place;
  const isSaid = kind !== 'none';
  return (
    <section class="here" aria-label={text.where}>
      {!isSaid && (
        <>
          <Button class="wide" aria-describedby="here-hint" onClick={() => void findHere()}>
            {text.here}
          </Button>
          <p class="field__hint" id="here-hint">
            {text.hereHint}
          </p>
        </>
      )}
      {(kind === 'here' || kind === 'unfound') && <Found />}
      {kind === 'unpicked' && <p>{text.whereBelow}</p>}
      {place.kind === 'area' && <p>{text.hereArea(place.label)}</p>}
      {isSaid && (
        <div class="row">
          {kind === 'unpicked' ? (
            <Button onClick={() => void findHere()}>{text.here}</Button>
          ) : (
            <Button onClick={move}>{text.hereMove}</Button>
          )}
          <Button onClick={() => change({ place: { kind: 'none' } })}>
            {isPlaced(place) ? text.hereRemove : text.hereWithout}
          </Button>
        </div>
      )}
    </section>
  );
}

/** Let the person choose another place on the map. */
function move(): void {
  change({ place: { kind: 'unpicked' } });
  const field = document.getElementById(fieldId('location.lat'));
  const fold = field?.closest('details');
  if (fold) fold.open = true;
  field?.scrollIntoView({ block: 'start' });
  field?.focus({ preventScroll: true });
}

/** Return what the smallest area around a point is called; nothing while that is not known. */
function areaOf(point: { lat: number; lon: number }): string {
  const { value } = areas;
  if (value.state !== 'ready') return '';
  const around = value.areas.filter((area) => contains(area, point));
  const station = around.find(({ properties }) => properties.kind === 'station');
  return station ? write().stationArea(station.properties.label) : (around[0]?.properties.label ?? '');
}
