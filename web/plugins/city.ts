import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { City } from 'virtual:city';
import type { CityMap } from 'virtual:city-map';

interface Facts {
  languages: string[];
  default_language: string;
  emergency_number: string;
  time_zone: string;
  datums: CityMap['datums'];
  maps?: { code: string; datum: CityMap['datums'][number]; url: string }[];
}

/** Read what the pages say of the city, from its folder. */
export function readCity(folder: string): City {
  const facts = read<Facts>(folder, 'city.json');
  const named = (key: string) => both(folder, facts, key);
  return {
    language: facts.default_language === 'zh' ? 'zh' : 'en',
    emergencyNumber: facts.emergency_number,
    timeZone: facts.time_zone,
    service: named('name.service'),
    police: named('name.police'),
    name: named('name.city'),
    reach: named('police.reach'),
    after: named('police.after'),
  };
}

/** Read what the map says of the city. `streets` is the file of its tiles, null without one. */
export function readMap(folder: string, streets: string | null): CityMap {
  const facts = read<Facts>(folder, 'city.json');
  return {
    datums: facts.datums,
    maps: (facts.maps ?? []).map(({ code, ...map }) => ({
      ...map,
      name: both(folder, facts, `map.${code}`),
    })),
    streets: streets && `/${addressOf(streets)}`,
  };
}

/** Return the file of a city's tiles, which is beside its folder; null when it has none. */
export function streetsOf(folder: string): string | null {
  const path = `${resolve(folder)}.pmtiles`;
  return existsSync(path) ? path : null;
}

/** Return where a file of tiles is served: by another name when it changes. */
export function addressOf(streets: string): string {
  const hash = createHash('sha256').update(readFileSync(streets)).digest('hex').slice(0, 16);
  return `assets/streets-${hash}.pmtiles`;
}

function both(folder: string, facts: Facts, key: string): City['name'] {
  return { zh: text(folder, facts, 'zh', key), en: text(folder, facts, 'en', key) };
}

/** Return a text in a language; in the city's default one when it does not speak that language. */
function text(folder: string, facts: Facts, language: string, key: string): string {
  const spoken = facts.languages.includes(language) ? language : facts.default_language;
  const all = read<Record<string, string>>(folder, 'texts', `${spoken}.json`);
  const shown: Record<string, string | undefined> = { emergency_number: facts.emergency_number };
  for (const name of ['city', 'police', 'service']) shown[name] = all[`name.${name}`];
  const filled = all[key]?.replace(/\{([a-z_]+)\}/g, (value, name: string) => shown[name] ?? value);
  if (filled === undefined) throw new Error(`${folder} has no ${key} in ${spoken}`);
  return filled;
}

function read<T>(...path: string[]): T {
  return JSON.parse(readFileSync(resolve(...path), 'utf8')) as T;
}
