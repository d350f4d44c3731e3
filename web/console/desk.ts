/** What every page of the console works with, once an officer is in. */

import type { Signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import type { Approvals } from './bulletins/approvals.ts';
import type { Attempts, Drafts, Keys, SearchState } from './drafts.ts';
import type { Names } from './names.ts';
import type { PulseWatch } from './pulse.ts';
import type { ReportList } from './queue/list.ts';
import type { Sound } from './queue/sound.ts';
import type { Api, Me } from './types.ts';

/** Reports that are opened one after the other, and the path of the page that has them together. */
export interface Walk {
  from: string;
  ids: () => readonly string[];
  /** What they are of, where it may have more. */
  list?: ReportList;
}

export interface Desk {
  api: Api;
  me: Me;
  names: Names;
  pulse: PulseWatch;
  drafts: Drafts;
  approvals: Approvals;
  attempts: Attempts;
  /** Of the report that is entered: its form may be left and come back to before it has an answer. */
  entryKeys: Keys;
  list: ReportList;
  walk: Signal<Walk | null>;
  search: SearchState;
  /** Pairs of reports of which this officer has said that neither is a duplicate of the other. */
  apart: Set<string>;
  sound: Sound;
}

export const DeskContext = createContext<Desk | null>(null);

/** Return the desk. Raises outside the frame. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error('No officer is signed in');
  return desk;
}
