import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { City } from 'virtual:city';

interface Facts {
  languages: string[];
  default_language: string;
  emergency_number: string;
  time_zone: string;
}

/** Read what the pages say of the city, from its folder. */
export function readCity(folder: string): City {
  const facts = read<Facts>(folder, 'city.json');
  const named = (key: string) => ({
    zh: text(folder, facts, 'zh', key),
    en: text(folder, facts, 'en', key),
  });
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
