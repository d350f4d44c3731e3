/** The agencies that reports are passed on to, in the language of the screen. */

import { useEffect, useState } from 'preact/hooks';

import { language } from '../../shared/language.ts';
import { outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import type { Agency, Api } from '../types.ts';

// A report and its history both name them; each call is on record.
const read = new WeakMap<Api, Map<string, Promise<Agency[]>>>();

export function useAgencies(): Agency[] {
  const { api } = useDesk();
  const [agencies, setAgencies] = useState<Agency[]>([]);
  const spoken = language.value;
  useEffect(() => {
    let isWanted = true;
    void ask(api, spoken).then((found) => isWanted && setAgencies(found));
    return () => {
      isWanted = false;
    };
  }, [api, spoken]);
  return agencies;
}

/** Return what an agency is called; its code until that is known. */
export function agencyName(agencies: readonly Agency[], code: string): string {
  return agencies.find((one) => one.code === code)?.label ?? code;
}

function ask(api: Api, spoken: string): Promise<Agency[]> {
  const asked = read.get(api) ?? new Map<string, Promise<Agency[]>>();
  read.set(api, asked);
  const before = asked.get(spoken);
  if (before) return before;
  const call = outcomeOf(api.GET('/v1/officer/agencies')).then((outcome) => {
    if (outcome.ok) return outcome.data.items;
    asked.delete(spoken);
    return [];
  });
  asked.set(spoken, call);
  return call;
}
