/** The reports that name a number, and the one that has it as its reference. */

import { useEffect, useState } from 'preact/hooks';

import { Spinner } from '../../shared/components/button.tsx';
import { texts } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { now } from '../parts/moment.tsx';
import { Back } from '../parts/back.tsx';
import { Find, isNumber, isReference } from '../queue/find.tsx';
import { Row } from '../queue/row.tsx';
import { queueTexts } from '../queue/texts.ts';
import type { Api, ListedReport } from '../types.ts';
import '../queue/queue.css';

interface Found {
  /** What was looked for. */
  text: string;
  rows: ListedReport[];
  more: boolean;
  problem: string | null;
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
      </div>
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
  const none = { text, rows: [], more: false };
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
    problem: failed && !failed.ok && rows.length === 0 ? failed.failure.text : null,
  };
}

const searchTexts = texts({
  en: {
    title: 'Find by number',
    hint: 'A reference, a plate, a phone number or another number, typed in any way. It must be whole. Only reports that somebody has opened are searched for numbers; names are not searched. Each search is on record.',
    searching: 'Searching…',
    noNumber: 'Type a whole reference, plate or number: 4 to 20 letters and digits, two of them digits.',
    found: (text: string, count: number) =>
      count === 0
        ? `Nothing found for “${text}”.`
        : `${count === 1 ? '1 report' : `${count} reports`} for “${text}”`,
    more: 'There are others: these are the latest 50.',
  },
  zh: {
    title: '按号码查找',
    hint: '编号、车牌、电话或其他号码，写法不限，但须完整。只在已被打开过的举报中查找号码，不查找姓名。每次查找均有记录。',
    searching: '正在查找……',
    noNumber: '请输入完整的编号、车牌或号码：4 至 20 个字母和数字，其中至少两个数字。',
    found: (text: string, count: number) =>
      count === 0 ? `没有找到“${text}”。` : `“${text}”：找到 ${count} 件举报`,
    more: '还有更多，这里是最近的 50 件。',
  },
});
