import { useEffect } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { language } from '../../shared/language.ts';
import { catalogueState, loadCatalogue } from '../catalogue.ts';
import { Heading } from '../parts/heading.tsx';
import { RedButton } from '../parts/red-button.tsx';
import { go } from '../screen.ts';
import { online } from '../service.ts';
import { Bulletins } from './bulletins.tsx';
import { Tiles } from './tiles.tsx';
import { Unfinished } from './unfinished.tsx';
import { start } from './texts.ts';

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
