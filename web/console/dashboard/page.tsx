import { useRef, useState } from 'preact/hooks';
import { language } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { ok, useLoaded } from '../parts/asking.ts';
import { Waiting } from '../parts/waiting.tsx';
import { seesReports } from '../roles.ts';
import type { Api, Me } from '../types.ts';
import { Acknowledgement } from './acknowledgement.tsx';
import type { Period } from './days.ts';
import { Endings } from './endings.tsx';
import type { Statistics } from './figures.ts';
import { Handover } from './handover.tsx';
import { Helped } from './helped.tsx';
import { Level, LevelOfService } from './level.tsx';
import { OpenByAge } from './open-by-age.tsx';
import { Periods } from './periods.tsx';
import { Received } from './received.tsx';
import { text } from './texts.ts';
import { Tiles } from './tiles.tsx';
import '../parts/lists.css';
import './dashboard.css';

/** The figures of the officer's scope, as pictures, and the handover of a shift. */
export function DashboardPage({ api, me }: { api: Api; me: Me }) {
  return (
    <div class="dashboard">
      <h1>{text().title}</h1>
      {seesReports(me) ? (
        <Figures api={api} me={me} />
      ) : (
        <>
          <p>{text().onlyAdmin}</p>
          <LevelOfService api={api} />
        </>
      )}
    </div>
  );
}

function Figures({ api, me }: { api: Api; me: Me }) {
  const { pulse } = useDesk();
  const [shown, setShown] = useState<Period | null>(null);
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/officer/stats', { params: { query: shown ?? {} } })),
    [shown?.since, shown?.until, language.value].join(),
  );
  // Not before the charts, which would push it down; but what it shows outlives another period.
  const charted = useRef(false);
  charted.current ||= loaded.state !== 'loading';
  // The buttons of the periods stay while another one is read.
  const latest = useRef<Statistics | null>(null);
  latest.current = loaded.value ?? latest.current;
  const mayFlood = me.roles.some((role) => role !== 'officer');
  return (
    <>
      <Tiles pulse={pulse.pulse.value} />
      {latest.current && (
        <Periods
          today={latest.current.today}
          shown={shown ?? latest.current}
          onShow={setShown}
        />
      )}
      <Waiting loaded={loaded} again={again}>
        {(statistics) => (
          <div class="dashboard__charts">
            <OpenByAge statistics={statistics} />
            <Received statistics={statistics} />
            <Acknowledgement statistics={statistics} />
            <Helped statistics={statistics} />
            <Endings statistics={statistics} />
            <Level
              api={api}
              state={statistics.load_level}
              again={again}
              mayChange={mayFlood}
            />
          </div>
        )}
      </Waiting>
      {charted.current && <Handover api={api} me={me} />}
    </>
  );
}
