/** The reports that name a number, and the one that has it as its reference. */

import { useEffect, useState } from 'preact/hooks';

import { Button, Spinner } from '../../shared/components/button.tsx';
import { texts } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { now } from '../parts/moment.tsx';
import { Back } from '../parts/back.tsx';
import { Find, isNumber, isReference } from '../queue/find.tsx';
import { Row } from '../queue/row.tsx';
import { useKeys } from '../queue/shortcuts.tsx';
import { queueTexts } from '../queue/texts.ts';
import { go, pathTo } from '../router.ts';
import type { Api, ListedReport, Schemas } from '../types.ts';
import '../queue/queue.css';

interface Found {
  /** What was looked for. */
  text: string;
  rows: ListedReport[];
  more: boolean;
  problem: string | null;
  unopened: Schemas['UnopenedReports'] | null;
}

export function SearchPage() {
  const t = searchTexts();
  const { api, search } = useDesk();
  const text = search.text.value;
  const [last, setFound] = useState<Found | null>(null);
  // What was found for other words says nothing of these, not for a moment: it is read out.
  const found = last?.text === text ? last : null;
  useEffect(() => {
    let current = true;
    void find(api, text).then((result) => current && setFound(result));
    return () => {
      current = false;
    };
  }, [api, text]);
  const unopened = found?.unopened ?? null;
  const openNext = () => unopened?.next && go(pathTo(`reports/${unopened.next}`));
  useKeys((action) => {
    if (action === 'unopened') openNext();
    if (action === 'find') document.getElementById('find')?.focus();
  });
  return (
    <div class="narrow search">
      <Back to="">{queueTexts().title}</Back>
      <h1>{t.title}</h1>
      <Find />
      <p class="hint">{t.hint}</p>
      <div role="status">
        {text !== '' && found === null && (
          <p>
            <Spinner /> {t.searching}
          </p>
        )}
        {found?.problem && <p>{found.problem}</p>}
        {text !== '' && found && !found.problem && <p>{t.found(text, found.rows.length)}</p>}
        {unopened && <p>{t.unopened(unopened.count, unopened.complete)}</p>}
      </div>
      {unopened?.next && (
        <p>
          <Button kind={found?.rows.length ? 'quiet' : 'primary'} aria-keyshortcuts="n" onClick={openNext}>
            {t.openNext}
          </Button>
        </p>
      )}
      <ol class="report-list">
        {found?.rows.map((row) => (
          <Row key={row.id} row={row} now={now.value} />
        ))}
      </ol>
      {found?.more && <p class="hint">{t.more}</p>}
    </div>
  );
}

async function find(api: Api, text: string): Promise<Found> {
  const t = searchTexts();
  const none = { text, rows: [], more: false, unopened: null };
  if (!text) return { ...none, problem: null };
  if (!isReference(text) && !isNumber(text)) return { ...none, problem: t.noNumber };
  const [named, having] = await Promise.all([
    isReference(text)
      ? outcomeOf(api.GET('/v1/officer/reports', { params: { query: { reference: text } } }))
      : null,
    isNumber(text)
      ? outcomeOf(api.GET('/v1/officer/search', { params: { query: { text } } }))
      : null,
  ]);
  const failed = [named, having].find((outcome) => outcome && !outcome.ok);
  const rows = [
    ...(named?.ok ? named.data.items : []),
    ...(having?.ok ? having.data.items : []),
  ];
  return {
    text,
    rows: [...new Map(rows.map((row) => [row.id, row])).values()],
    more: having?.ok === true && having.data.more,
    unopened: having?.ok ? having.data.unopened : null,
    problem: failed && !failed.ok && rows.length === 0 ? failed.failure.text : null,
  };
}

const searchTexts = texts({
  en: {
    title: 'Find by number',
    hint: 'A reference, a plate, a phone number or another number, typed in any way. It must be whole. Only reports that somebody has opened are searched for numbers; names, and the contacts that reporters leave, are not searched. Each search is on record.',
    searching: 'Searching…',
    noNumber: 'Type a whole reference, plate or number: 4 to 20 letters and digits, two of them digits.',
    found: (text: string, count: number) =>
      count === 0
        ? `Nothing found for “${text}”.`
        : `${count === 1 ? '1 report' : `${count} reports`} for “${text}”`,
    unopened: (count: number, complete: boolean) =>
      count === 0 && complete
        ? 'All open reports in your scope have been opened. What was written since the last opening was not searched.'
        : `${complete ? '' : 'At least '}${count === 1 ? '1 open report' : `${count} open reports`} in your scope ${count === 1 ? 'was' : 'were'} not searched: nobody has opened ${count === 1 ? 'it' : 'them'} yet.`,
    openNext: 'Open the next of them (n)',
    more: 'There are others: these are the latest 50.',
  },
  zh: {
    title: '按号码查找',
    hint: '编号、车牌、电话或其他号码，写法不限，但须完整。只在已被打开过的举报中查找号码，不查找姓名，也不查找举报人留下的联系方式。每次查找均有记录。',
    searching: '正在查找……',
    noNumber: '请输入完整的编号、车牌或号码：4 至 20 个字母和数字，其中至少两个数字。',
    found: (text: string, count: number) =>
      count === 0 ? `没有找到“${text}”。` : `“${text}”：找到 ${count} 件举报`,
    unopened: (count: number, complete: boolean) =>
      count === 0 && complete
        ? '您职责范围内的未结举报均已有人打开过。最后一次打开之后新写的内容未被查找。'
        : `您职责范围内${complete ? '有' : '至少有'} ${count} 件未结举报尚无人打开过，未被查找。`,
    openNext: '打开其中下一件（n）',
    more: '还有更多，这里是最近的 50 件。',
  },
});
