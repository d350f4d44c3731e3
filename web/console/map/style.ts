/** How the map is drawn: the city's streets, if it has them, below its areas and what is reported. */

import { layers, namedFlavor } from '@protomaps/basemaps';
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';

import type { Drawing } from './shapes.ts';

/** The colours of the page, which the canvas cannot inherit. */
export const COLOURS = ['page', 'card', 'border', 'line', 'accent', 'text', 'danger'] as const;
export type Colours = Record<(typeof COLOURS)[number], string>;

export interface Look {
  colours: Colours;
  isDark: boolean;
  language: 'zh' | 'en';
  /** The address of the city's tiles; null without them. */
  streets: string | null;
}

export const STREETS = 'streets';
// Names are drawn with the fonts of the device: nothing is loaded for them.
const FONT = ['system-ui', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'sans-serif'];

/** Return a style that has the drawing in it. */
export function styleOf({ areas, names, reach, signs }: Drawing, look: Look): StyleSpecification {
  const { colours, streets } = look;
  const features = signs.map(({ lon, lat }) => ({
    type: 'Feature' as const,
    properties: {},
    geometry: { type: 'Point' as const, coordinates: [lon, lat] },
  }));
  return {
    version: 8,
    sources: {
      ...(streets !== null && { [STREETS]: { type: 'vector', url: `pmtiles://${streets}` } }),
      areas: { type: 'geojson', data: areas },
      names: { type: 'geojson', data: names },
      reach: { type: 'geojson', data: reach },
      signs: { type: 'geojson', data: { type: 'FeatureCollection', features } },
    },
    layers: [
      { id: 'page', type: 'background', paint: { 'background-color': colours.page } },
      ...(streets === null ? [] : streetLayers(look)),
      ...areaLayers(look),
      ...reachLayers(colours),
      ...nameLayers(colours),
    ],
  };
}

/** The names of streets and places stay; pictures would have to be loaded from somewhere. */
function streetLayers({ isDark, language }: Look): LayerSpecification[] {
  const drawn = layers(STREETS, namedFlavor(isDark ? 'dark' : 'light'), {
    lang: language === 'zh' ? 'zh-Hans' : 'en',
  });
  return drawn.map((layer) => {
    if (layer.type !== 'symbol') return layer;
    const { 'icon-image': _, ...layout } = layer.layout ?? {};
    return { ...layer, layout: { ...layout, 'text-font': FONT } };
  });
}

function areaLayers({ colours, streets }: Look): LayerSpecification[] {
  const { accent, border, card } = colours;
  const ofKind = (kind: string) => ['==', ['get', 'kind'], kind] as ['==', ['get', string], string];
  const is = (name: string) => ['to-boolean', ['get', name]] as ['to-boolean', ['get', string]];
  const area = (id: string, more: object) => ({ id, source: 'areas', ...more }) as LayerSpecification;
  const dash = [2, 2];
  return [
    ...(streets === null
      ? [area('ground', { type: 'fill', filter: ofKind('district'), paint: { 'fill-color': card } })]
      : []),
    area('shade', {
      type: 'fill',
      paint: {
        'fill-color': accent,
        'fill-opacity': ['case', is('chosen'), 0.15, ['*', 0.16, ['get', 'shade']]],
      },
    }),
    area('stations', {
      type: 'line',
      filter: ofKind('station'),
      paint: { 'line-color': border, 'line-dasharray': dash },
    }),
    area('districts', {
      type: 'line',
      filter: ofKind('district'),
      paint: { 'line-color': border, 'line-width': 2 },
    }),
    area('scope', {
      type: 'line',
      filter: is('scope'),
      paint: { 'line-color': accent, 'line-width': 3 },
    }),
    area('own', {
      type: 'line',
      filter: ['all', is('own'), ofKind('station')],
      paint: { 'line-color': accent, 'line-width': 2, 'line-dasharray': dash },
    }),
  ];
}

function reachLayers({ danger }: Colours): LayerSpecification[] {
  const of = (shape: string) => ['==', ['geometry-type'], shape] as ['==', ['geometry-type'], string];
  const [thin, thick] = [{ 'line-color': danger, 'line-width': 2 }, { 'line-color': danger, 'line-width': 4 }];
  const source = 'reach';
  const filled = { 'fill-color': danger, 'fill-opacity': 0.14 };
  const ring = { 'circle-radius': 9, 'circle-opacity': 0, 'circle-stroke-color': danger, 'circle-stroke-width': 2 };
  return [
    { id: 'within', type: 'fill', source, filter: of('Polygon'), paint: filled },
    { id: 'within-edge', type: 'line', source, filter: of('Polygon'), paint: { ...thin, 'line-dasharray': [3, 2] } },
    { id: 'middle', type: 'circle', source, filter: of('Point'), maxzoom: 9, paint: ring },
    { id: 'trail', type: 'line', source, filter: of('LineString'), paint: thick },
  ];
}

/** Names that have room, those of the place's own areas first, and none on a sign. */
function nameLayers({ card, text }: Colours): LayerSpecification[] {
  const name = (id: string, kind: string, size: number, minzoom: number): LayerSpecification => ({
    id,
    type: 'symbol',
    source: 'names',
    minzoom,
    filter: ['==', ['get', 'kind'], kind],
    layout: {
      'text-field': ['get', 'name'],
      'text-font': FONT,
      'text-size': size,
      'text-max-width': 6,
      'text-variable-anchor': ['center', 'top', 'bottom', 'left', 'right'],
      'text-radial-offset': 0.8,
      'symbol-sort-key': ['case', ['to-boolean', ['get', 'own']], 0, 1],
    },
    paint: { 'text-color': text, 'text-halo-color': card, 'text-halo-width': 2 },
  });
  return [
    name('station-names', 'station', 12, 9),
    name('district-names', 'district', 14, 0),
    {
      // It takes the room of the signs, which stand above the canvas.
      id: 'signs',
      type: 'symbol',
      source: 'signs',
      layout: { 'text-field': '●', 'text-font': FONT, 'text-size': 24, 'text-allow-overlap': true },
      paint: { 'text-opacity': 0 },
    },
  ];
}
