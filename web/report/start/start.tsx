import { useEffect } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { language } from '../../shared/language.ts';
import { catalogueState, categories, loadCatalogue } from '../catalogue.ts';
import { isOpen } from '../form.ts';
import { Heading, RedButton } from '../parts/heading.tsx';
import { Missing } from '../parts/later.tsx';
import { go } from '../screen.ts';
import { online } from '../service.ts';
import { Bulletins } from './bulletins.tsx';
import { start } from './texts.ts';
import { Unfinished } from './unfinished.tsx';

const AGAIN_MS = 10_000;

/** The first screen: report, or help with what the police look for, or open one's report. */
export function Start() {
  const text = start();
  const tongue = language.value;
  useEffect(() => {
    // It may be hours old when the person comes back to this screen.
    if (catalogueState.value !== 'loading') void loadCatalogue();
  }, [tongue, online.value]);
  const isOld = catalogueState.value === 'kept';
  useEffect(() => {
    // The browser may not know that the network was away.
    const timer = isOld && setInterval(() => void loadCatalogue(), AGAIN_MS);
    return () => clearInterval(timer || undefined);
  }, [isOld]);
  return (
    <>
      <Heading>{text.title}</Heading>
      <p class="lead">{text.lead}</p>
      <RedButton hint={text.redHint} />
      <Unfinished />
      <Tiles />
      <section class="mine-door">
        <Button class="wide" onClick={() => go({ name: 'mine', receipt: null })}>
          {text.mine}
        </Button>
        <p class="muted">{text.mineHint}</p>
      </section>
      <Bulletins />
    </>
  );
}

/** The categories as tiles: one tap opens the report. */
export function Tiles() {
  const text = start();
  const all = categories.value;
  return (
    <section aria-labelledby="categories">
      <h2 id="categories">{text.categories}</h2>
      <ul class="tiles" aria-busy={catalogueState.value === 'loading' && all.length === 0}>
        {all.map((category) => (
          <li key={category.code}>
            {isOpen(category) ? (
              <button
                type="button"
                class="tile"
                onClick={() => go({ name: 'write', category: category.code, bulletin: null })}
              >
                <CategoryIcon code={category.code} />
                <span>{category.label}</span>
              </button>
            ) : (
              <p class="tile tile--closed">
                <CategoryIcon code={category.code} />
                <span>{category.label}</span>
                <span class="tile__state">{text.closed}</span>
              </p>
            )}
          </li>
        ))}
        {all.length === 0 &&
          catalogueState.value === 'loading' &&
          [1, 2, 3, 4, 5, 6].map((number) => (
            <li key={number} class="tile tile--empty" aria-hidden="true" />
          ))}
      </ul>
      <Status>{catalogueState.value === 'kept' && <p>{text.stale}</p>}</Status>
      <Missing shown={catalogueState.value === 'failed'} onAgain={() => void loadCatalogue()} />
    </section>
  );
}

/** A sign for each category that the city of this repository has, and one for any other. */
const SIGNS: Readonly<Record<string, string>> = {
  // A small person beside a big one.
  child_abduction:
    'M7.500 1.500a2.750 2.750 0 1 0 0 5.500 2.750 2.750 0 0 0 0-5.500zM6 8a4 4 0 0 0-4 4v4a1.200 1.200 0 0 0 1.200 1.200H4V23h7v-8.500l3.200 2.300c.7.5 1.600-.5 1-1.200L12 11a4.500 4.500 0 0 0-4-3zM18 10.500a2.200 2.200 0 1 0 0 4.400 2.200 2.200 0 0 0 0-4.400zM17.200 15.800a3.200 3.200 0 0 0-3.200 3.200V23h8v-4a3.200 3.200 0 0 0-3.200-3.200z',
  // A face under a hood.
  suspected_offender:
    'M12 1C7 1 4 5 4 10c0 3-1 5-2 6v2h4.500A6 6 0 0 0 12 23a6 6 0 0 0 5.500-5H22v-2c-1-1-2-3-2-6 0-5-3-9-8-9zm-4 9.500c0-.8.7-1 1.500-1h5c.8 0 1.500.2 1.500 1v1.500c0 1-.8 1.500-1.800 1.500-1 0-1.500-.5-2.200-.5s-1.200.5-2.200.5c-1 0-1.800-.5-1.800-1.500z',
  // Somebody with a stick.
  missing_elderly:
    'M10 6a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zm-1.500 1C6 7.500 5 10 5 13v3h2l-1 7h3l1.200-6 1.800 2v4h2.600v-5.200L11.500 14l.3-3 1.500 2H17V11h-2.500l-2-3c-.6-.8-1.800-1.300-4-1zM18 11v12h1.500V12.500c0-.6.3-1 .8-1s.7.4.7 1V14H22.500v-1.800c0-1.300-.9-2.200-2.200-2.200S18 10 18 11z',
  // A car.
  traffic_violation:
    'M6.500 5c-.9 0-1.600.5-1.900 1.300L3 11c-1 .3-1.500 1-1.500 2v5.500c0 .3.200.5.500.5h2a.5.500 0 0 0 .5-.5V17h15v1.500c0 .3.200.5.500.5h2a.5.500 0 0 0 .5-.5V13c0-1-.5-1.700-1.500-2l-1.600-4.700C19.100 5.500 18.400 5 17.500 5zm0 2h11l1.200 3.800H5.300zM5.500 12.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3zm13 0a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3z',
  // An umbrella.
  lost_and_found:
    'M12 1a1 1 0 0 0-1 1v1.050C6 3.500 2 7.500 1.500 12.500c1-1 2-1.500 3.200-1.500s2.300.5 3.200 1.500c.8-.9 1.900-1.500 3.100-1.500V19a1.500 1.500 0 0 1-3 0v-.5H6v.5a3.500 3.500 0 0 0 7 0v-8c1.200 0 2.300.6 3.100 1.500.9-1 2-1.500 3.200-1.500s2.200.5 3.200 1.500C22 7.500 18 3.500 13 3.050V2a1 1 0 0 0-1-1z',
};
const ANY =
  'M4 2a2 2 0 0 0-2 2v13c0 1.100.9 2 2 2h3v4l5-4h8a2 2 0 0 0 2-2V4a2 2 0 0 0-2-2zm3 7.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3zm5 0a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3zm5 0a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3z';

export function CategoryIcon({ code }: { code: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
      <path fill-rule="evenodd" d={SIGNS[code] ?? ANY} />
    </svg>
  );
}
