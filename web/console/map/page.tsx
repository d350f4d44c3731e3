/** Where reports come from: counts by district and station. */

import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Spinner } from '../../shared/components/button.tsx';
import { colon, texts, useSaid } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Schemas } from '../types.ts';
import { CityMap } from './city-map.tsx';
import { byDistrict } from './shapes.ts';
import '../queue/queue.css';
import '../report/report.css';

type Counts = Schemas['Map'];

const DAYS = [1, 7, 30] as const;
const DAY_MS = 86_400_000;

export function MapPage() {
  const t = mapTexts();
  const { api, names } = useDesk();
  const [category, setCategory] = useState('');
  const [days, setDays] = useState<number>(7);
  const [counts, setCounts] = useState<Counts | null>(null);
  const [problem, setProblem] = useSaid('');
  useEffect(() => {
    let current = true;
    const since = new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
    const params = { query: { since, ...(category && { category }) } };
    void outcomeOf(api.GET('/v1/officer/map', { params })).then((outcome) => {
      if (!current) return;
      setProblem(outcome.ok ? '' : outcome.failure.text);
      if (outcome.ok) setCounts(outcome.data);
    });
    return () => {
      current = false;
    };
  }, [api, category, days]);
  const areas = names.areas.value;
  return (
    <div class="map-page">
      <h1>{t.title}</h1>
      <div class="filters">
        <label class="chip">
          {t.category}
          {colon()}
          <select value={category} onChange={(event) => setCategory(event.currentTarget.value)}>
            <option value="">{t.all}</option>
            {names.catalogue.value?.categories.map(({ code, label }) => (
              <option key={code} value={code}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label class="chip">
          {t.since}
          {colon()}
          <select
            value={String(days)}
            onChange={(event) => setDays(Number(event.currentTarget.value))}
          >
            {DAYS.map((number) => (
              <option key={number} value={String(number)}>
                {t.days(number)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p role="alert">{problem}</p>
      {counts === null && !problem && <Spinner label={t.loading} />}
      <div class="map-page__parts">
        {areas && counts && (
          <CityMap
            areas={areas}
            label={t.label}
            {...byDistrict(counts.districts)}
          />
        )}
        {counts && <Table counts={counts} />}
      </div>
    </div>
  );
}

function Table({ counts }: { counts: Counts }) {
  const t = mapTexts();
  const { names } = useDesk();
  return (
    <div class="card table-scroll">
      <table class="compare">
        <caption class="hidden-visually">{t.title}</caption>
        <thead>
          <tr>
            <th scope="col">{t.area}</th>
            <th scope="col">{t.count}</th>
            <th scope="col">{t.open}</th>
          </tr>
        </thead>
        <tbody>
          {counts.districts.map((district) => (
            <Fragment key={district.district}>
              <tr>
                <th scope="row">{names.district(district.district)}</th>
                <td>{district.count}</td>
                <td>{district.open}</td>
              </tr>
              {district.stations.map(({ station, count, open }) => (
                <tr key={station} class="map-page__station">
                  <th scope="row">{names.station(station)}</th>
                  <td>{count}</td>
                  <td>{open}</td>
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
      {counts.districts.length === 0 && <p>{t.none}</p>}
    </div>
  );
}

const mapTexts = texts({
  en: {
    title: 'Where reports come from',
    label: 'Map of the districts; the darker, the more reports. The table has the numbers.',
    category: 'Category',
    all: 'all',
    since: 'Since',
    days: (days: number) => (days === 1 ? 'yesterday' : `${days} days ago`),
    loading: 'Counting…',
    area: 'District or station',
    count: 'Reports',
    open: 'Open',
    none: 'No reports in this time.',
  },
  zh: {
    title: '举报分布',
    label: '区域地图，颜色越深举报越多，数字见表格。',
    category: '类别',
    all: '全部',
    since: '时间范围',
    days: (days: number) => (days === 1 ? '昨天起' : `最近 ${days} 天`),
    loading: '正在统计……',
    area: '区域或派出所',
    count: '举报数',
    open: '未结',
    none: '此期间没有举报。',
  },
});
