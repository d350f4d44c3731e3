/** The coordinates of a place, to be copied or looked up on another map. */

import cityMap, { type Datum } from 'virtual:city-map';

import type { Point } from '../../shared/area.ts';
import { Button } from '../../shared/components/button.tsx';
import { useCopied } from '../../shared/copied.ts';
import { language, texts } from '../../shared/language.ts';
import { addressOn, DATUM_NAMES, inDatum, written } from './datums.ts';

/** A place, which is in WGS-84, in each datum of the city, and on the maps that the city has chosen. */
export function Copies({ place }: { place: Point }) {
  const t = copiesTexts();
  return (
    <>
      <ul class="copies">
        {cityMap.datums.map((datum) => (
          <Copy key={datum} place={place} datum={datum} />
        ))}
      </ul>
      {cityMap.maps.length > 0 && (
        <p class="no-print">
          {cityMap.maps.map((map) => (
            <>
              <a href={addressOn(map, place)} target="_blank" rel="noopener noreferrer">
                {t.open(map.name[language.value])}
              </a>{' '}
            </>
          ))}
          <span class="hint">{t.leaves}</span>
        </p>
      )}
    </>
  );
}

function Copy({ place, datum }: { place: Point; datum: Datum }) {
  const t = copiesTexts();
  const text = written(inDatum(place, datum));
  const [copied, copy] = useCopied(text);
  return (
    <li>
      {DATUM_NAMES[datum]} <code>{text}</code>{' '}
      <Button kind="quiet" class="no-print" onClick={copy}>
        {t.copy(DATUM_NAMES[datum])}
      </Button>
      <span role="status">{copied === 'yes' && t.copied}</span>
    </li>
  );
}

const copiesTexts = texts({
  en: {
    copy: (datum: string) => `Copy ${datum}`,
    copied: 'Copied.',
    open: (map: string) => `Open in ${map}`,
    leaves: 'Whoever runs that map learns of the place.',
  },
  zh: {
    copy: (datum: string) => `复制 ${datum}`,
    copied: '已复制。',
    open: (map: string) => `在${map}中打开`,
    leaves: '打开后，该地图的运营方会知道此地点。',
  },
});
