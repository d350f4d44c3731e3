/** What has changed of the report while it is open, in sight wherever the officer is. */

import { Button } from '../../shared/components/button.tsx';
import { focusHeading } from '../parts/focus.ts';
import type { Report } from '../types.ts';
import { goToPart, LATER } from './parts-nav.tsx';
import type { OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';
import './notice.css';

export function Notice({ open, report }: { open: OpenReport; report: Report }) {
  const t = reportTexts();
  const news = open.news.value;
  const unsighted = open.unsighted.value;
  const reload = async () => {
    await open.load();
    if (open.unsightedPlaces.value.size > 0) requestAnimationFrame(lookAt);
    else if (open.news.value.length === 0) focusHeading();
  };
  const read = () => {
    goToPart('talk');
    open.sight();
  };
  const later = open.unsightedPlaces.value.size > 0;
  const lookAt = () => {
    goToPart(LATER);
    open.sightPlaces();
  };
  // It is read out in the conversation; until it is in sight, this is the way to it.
  const isWaiting = unsighted.size > 0;
  const said = news.filter((one) => !(isWaiting && one === 'message'));
  return (
    <div class="notice no-print">
      {isWaiting && (
        <p class="notice__one notice__one--message">
          {whoWrote(report, unsighted)}
          <Button onClick={read}>{t.news.read}</Button>
        </p>
      )}
      {later && (
        <p class="notice__one notice__one--message">
          {t.news.place}
          <Button onClick={lookAt}>{t.news.look}</Button>
        </p>
      )}
      <div role="status">
        {said.length > 0 && (
          <p class="notice__one">
            <span>{said.map((one) => t.news[one]).join(' ')}</span>
            <Button kind="primary" busy={open.loading.value} onClick={() => void reload()}>
              {t.news.show}
            </Button>
          </p>
        )}
      </div>
    </div>
  );
}

/** Say who has written the messages with these ids. */
export function whoWrote(report: Report, ids: ReadonlySet<string>): string {
  const { news } = reportTexts();
  const written = report.messages.filter(({ id }) => ids.has(id));
  return written.some(({ from }) => from === 'reporter') ? news.message : news.colleague;
}
