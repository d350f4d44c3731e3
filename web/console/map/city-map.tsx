/** A map of the city: its streets, if it has them, its areas, and what is reported. Nothing of it comes
 * from anybody else's server. What it shows stands in words beside it, for whoever cannot see it.
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import cityMap from 'virtual:city-map';

import type { Point } from '../../shared/area.ts';
import { Button, Spinner } from '../../shared/components/button.tsx';
import { language, texts } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import type { StreetMap } from './engine.ts';
import { drawingOf, type Shown } from './shapes.ts';
import './map.css';

interface MapProps extends Omit<Shown, 'scope'> {
  label: string;
  /** Take a place that was pressed, and how many metres a finger may be off there. */
  onTap?: (place: Point, within: number) => void;
}

type State = 'loading' | 'drawn' | 'no_webgl' | 'not_loaded';

// How far a finger is off, in pixels.
const FINGER = 10;

export function CityMap({ label, onTap, ...shown }: MapProps) {
  const t = mapTexts();
  const { me } = useDesk();
  const room = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<StreetMap | null>(null);
  const [state, setState] = useState<State>('loading');
  const [source, setSource] = useState('');
  const [isPartial, setPartial] = useState(false);
  const tap = useRef(onTap);
  tap.current = onTap;
  const spoken = language.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the words are those of the language.
  useEffect(() => {
    let open: StreetMap | null = null;
    let isLeft = false;
    const start = async () => {
      if (!hasWebGl()) return setState('no_webgl');
      const engine = await load().catch(() => null);
      if (isLeft || !room.current) return;
      if (engine === null) return setState('not_loaded');
      const streets = cityMap.streets && new URL(cityMap.streets, location.href).href;
      try {
        open = new engine.StreetMap(room.current, {
          streets,
          words: t.words,
          onDrawn: () => setState('drawn'),
          onFailed: () => setPartial(true),
          onPress: (place, metres) => tap.current?.(place, FINGER * metres),
        });
      } catch {
        return setState('no_webgl');
      }
      setMap(open);
      if (streets) engine.sourceOf(streets).then(setSource, () => setPartial(true));
    };
    void start();
    return () => {
      isLeft = true;
      setMap(null);
      open?.remove();
    };
  }, [spoken]);
  const scope = me.scope.districts.filter((code) => code !== '*');
  const { areas, marks, near, within, count, shade } = shown;
  const numbers = areas.features.map(({ properties: { code } }) => [count?.(code), shade?.(code)]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds the rest by value.
  useEffect(() => {
    map?.show(drawingOf({ ...shown, scope }), spoken, label);
  }, [map, label, areas, within, JSON.stringify([marks, near, numbers])]);
  const isShown = state === 'loading' || state === 'drawn';
  return (
    <div class="map">
      <div class={`map__room${onTap ? ' map__room--pressed' : ''}`} data-state={state} hidden={!isShown}>
        <div class="map__canvas" ref={room} />
        {state === 'loading' && <Spinner label={t.loading} />}
        <div class="map__zoom no-print">
          <Button aria-label={t.closer} onClick={() => map?.zoom(1)}>+</Button>
          <Button aria-label={t.farther} onClick={() => map?.zoom(-1)}>−</Button>
        </div>
      </div>
      <p class="hint" role="status">
        {state === 'no_webgl' && t.noWebGl}
        {state === 'not_loaded' && t.notLoaded}
        {isShown && isPartial && t.partial}
      </p>
      {isShown && source && <p class="hint">{t.source(source)}</p>}
    </div>
  );
}

async function load() {
  const engine = await import('./engine.ts');
  await engine.ready();
  return engine;
}

function hasWebGl(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null;
}

const mapTexts = texts({
  en: {
    loading: 'Drawing the map…',
    closer: 'Closer',
    farther: 'Farther away',
    noWebGl: 'This browser cannot draw the map: it has no WebGL. The places stand in words beside it.',
    notLoaded: 'The map could not be loaded. Reload the page. The places stand in words beside it.',
    partial: 'Some of the streets could not be loaded. The outlines are there.',
    source: (names: string) => `Streets: ${names}`,
    words: {
      'CooperativeGesturesHandler.WindowsHelpText': 'Ctrl and the wheel zoom the map',
      'CooperativeGesturesHandler.MacHelpText': '⌘ and the wheel zoom the map',
      'CooperativeGesturesHandler.MobileHelpText': 'Two fingers move the map',
    },
  },
  zh: {
    loading: '正在绘制地图……',
    closer: '放大',
    farther: '缩小',
    noWebGl: '此浏览器不支持 WebGL，无法显示地图。地点见旁边的文字。',
    notLoaded: '地图没有加载成功，请刷新页面。地点见旁边的文字。',
    partial: '部分街道没有加载成功，仍显示区域轮廓。',
    source: (names: string) => `街道数据：${names}`,
    words: {
      'CooperativeGesturesHandler.WindowsHelpText': '按住 Ctrl 并滚动滚轮可缩放地图',
      'CooperativeGesturesHandler.MacHelpText': '按住 ⌘ 并滚动滚轮可缩放地图',
      'CooperativeGesturesHandler.MobileHelpText': '用两根手指移动地图',
    },
  },
});
