import { expect, test } from 'vitest';

import type { Feature } from '../../shared/area.ts';
import type { Areas } from '../types.ts';
import { byDistrict, drawingOf } from './shapes.ts';
import { type Look, styleOf } from './style.ts';

function area(code: string, west: number, east: number, kind: 'district' | 'station' = 'district') {
  const ring = [[west, 39], [east, 39], [east, 40], [west, 40], [west, 39]];
  return {
    type: 'Feature',
    properties: { code, label: code, kind },
    geometry: { type: 'Polygon', coordinates: [ring] },
  } as unknown as Feature;
}

const AREAS = {
  type: 'FeatureCollection',
  features: [area('haidian', 116, 117), area('chaoyang', 117, 118), area('sanlitun', 117, 118, 'station')],
} as unknown as Areas;
const PLACE = { lat: 39.5, lon: 117.5 };
const LOOK: Look = {
  colours: { page: '#111111', card: '#222222', border: '#333333', line: '#444444', accent: '#555555', text: '#666666', danger: '#777777' },
  isDark: false,
  language: 'en',
  streets: null,
};

function said(name: string, shown: Partial<Parameters<typeof drawingOf>[0]>) {
  const { areas } = drawingOf({ areas: AREAS, ...shown });
  return areas.features.map(({ properties }) => properties[name]);
}

test('the areas of the place, and the districts of the officer, are marked', () => {
  expect(said('own', { marks: [PLACE] })).toEqual([false, true, true]);
  expect(said('scope', { scope: ['haidian'] })).toEqual([true, false, false]);
  expect(said('chosen', { within: AREAS.features[1] })).toEqual([false, true, false]);
});

test('a district has its number beside its name, and is the darker the more there are', () => {
  const shown = byDistrict([{ district: 'haidian', count: 9 }, { district: 'chaoyang', count: 3 }]);
  expect(said('name', shown)).toEqual(['haidian 9', 'chaoyang 3', 'sanlitun']);
  expect(said('shade', shown)).toEqual([3, 1, 0]);
});

test('the first and the last place have a sign, and the way between them is drawn', () => {
  const marks = [PLACE, { lat: 39.6, lon: 117.6 }, { lat: 39.7, lon: 117.7 }];
  const { signs, reach } = drawingOf({ areas: AREAS, marks });
  expect(signs).toEqual([{ ...PLACE, isLast: false }, { lat: 39.7, lon: 117.7, isLast: true }]);
  expect(reach.features.map(({ geometry }) => geometry.type)).toEqual(['LineString']);
});

test('an area is drawn as wide as it is, and has no sign', () => {
  const { signs, reach, view } = drawingOf({ areas: AREAS, marks: [{ ...PLACE, within: 8764 }], near: true });
  expect(signs).toEqual([]);
  const [circle] = reach.features;
  const ring = circle?.geometry.type === 'Polygon' ? (circle.geometry.coordinates[0] ?? []) : [];
  const far = ring.map(([lon = 0, lat = 0]) =>
    Math.hypot((lon - PLACE.lon) * Math.cos((PLACE.lat * Math.PI) / 180), lat - PLACE.lat) * 111.32,
  );
  expect(Math.min(...far)).toBeCloseTo(8.764, 2);
  expect(Math.max(...far)).toBeCloseTo(8.764, 2);
  expect(view.west).toBeLessThan(Math.min(...ring.map(([lon = 0]) => lon)));
});

test('the style asks nobody for a font, a picture or a tile', () => {
  const drawing = drawingOf({ areas: AREAS, marks: [PLACE] });
  const own = styleOf(drawing, LOOK);
  const streets = styleOf(drawing, { ...LOOK, streets: 'https://tips.example/assets/streets.pmtiles' });
  for (const style of [own, streets]) {
    expect(style).not.toHaveProperty('glyphs');
    expect(style).not.toHaveProperty('sprite');
    expect(JSON.stringify(style.layers)).not.toContain('"icon-image"');
  }
  expect(JSON.stringify(own)).not.toContain('://');
  expect(JSON.stringify(streets).match(/:\/\/[a-z.]+/g)).toEqual(['://https', '://tips.example']);
});
