import other from 'coordtransform';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Point } from '../../shared/area.ts';
import { addressOn, inDatum, written } from './datums.ts';

const METRES_PER_DEGREE = 111_320;
const IN_CHINA = fc.record({
  lat: fc.double({ min: 18.2, max: 53.5, noNaN: true }),
  lon: fc.double({ min: 73.7, max: 135, noNaN: true }),
});
// Europe and Africa.
const ELSEWHERE = fc.record({
  lat: fc.double({ min: -60, max: 70, noNaN: true }),
  lon: fc.double({ min: -20, max: 60, noNaN: true }),
});

function metres(place: Point, [lon, lat]: readonly [number, number]): number {
  const across = (place.lon - lon) * Math.cos((place.lat * Math.PI) / 180);
  return Math.hypot(across, place.lat - lat) * METRES_PER_DEGREE;
}

test('in China every place is where another converter has it, to within a metre', () => {
  fc.assert(
    fc.property(IN_CHINA, (place) => {
      const gcj = other.wgs84togcj02(place.lon, place.lat);
      expect(inDatum(place, 'wgs84')).toEqual(place);
      expect(metres(inDatum(place, 'gcj02'), gcj)).toBeLessThan(1);
      expect(metres(inDatum(place, 'bd09'), other.gcj02tobd09(...gcj))).toBeLessThan(1);
    }),
  );
});

test('outside China nothing is shifted, as in the service', () => {
  fc.assert(
    fc.property(ELSEWHERE, (place) => {
      expect(inDatum(place, 'gcj02')).toEqual(place);
      expect(inDatum(place, 'bd09')).toEqual(place);
    }),
  );
});

test('another map gets the place in the datum that it needs', () => {
  const map = { name: { zh: '', en: '' }, datum: 'gcj02', url: 'https://a.example/?p={lon},{lat}' } as const;
  expect(addressOn(map, { lat: 39.93, lon: 116.45 })).toBe('https://a.example/?p=116.45618,39.93136');
  expect(written({ lat: 39.93, lon: 116.45 })).toBe('39.93000, 116.45000');
});
