/** The way through reports that belong together: to the next, to the previous, and back to all. */

import { useEffect } from 'preact/hooks';

import { useDesk } from '../desk.ts';
import { Back } from '../parts/back.tsx';
import { useKeys } from '../queue/shortcuts.tsx';
import { go, pathTo } from '../router.ts';
import { reportTexts } from './texts.ts';

/** Nothing, unless the report is one of those that are walked through. */
export function Walked({ id }: { id: string }) {
  const t = reportTexts().walk;
  const { walk } = useDesk();
  const { from = '', list } = walk.value ?? {};
  const ids = walk.value?.ids() ?? [];
  const at = ids.indexOf(id);
  const to = { previous: ids[at - 1], next: at === -1 ? undefined : ids[at + 1] };
  const isLast = at !== -1 && to.next === undefined;
  useEffect(() => {
    if (isLast) void list?.more();
  }, [isLast, list]);
  useKeys((action) => {
    const id = action === 'next' || action === 'previous' ? to[action] : undefined;
    if (id !== undefined) go(pathTo(`reports/${id}`));
  });
  if (at === -1) return null;
  return (
    <nav class="row walked no-print" aria-label={t.label}>
      <Back to={from}>{t.all}</Back>
      <span class="hint">{t.at(at + 1, ids.length, Boolean(list?.next.value))}</span>
      {(['previous', 'next'] as const).map(
        (way) =>
          to[way] && (
            <a key={way} class="button" href={pathTo(`reports/${to[way]}`)}>
              {t[way]} <kbd>{way === 'next' ? 'j' : 'k'}</kbd>
            </a>
          ),
      )}
    </nav>
  );
}
