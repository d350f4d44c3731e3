/** Reports into an incident of the queue: chosen, and settled by a button. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { labelled } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { text } from './texts.ts';

interface IntoProps {
  /** The incident that they are in already. */
  except?: string;
  busy: boolean;
  into: (incident: string) => Promise<unknown>;
}

export function Into({ except, busy, into }: IntoProps) {
  const t = text();
  const { list, names } = useDesk();
  const [chosen, setChosen] = useState('');
  const rows = new Map(
    list.rows.value?.flatMap((row) =>
      row.incident && row.incident.id !== except ? [[row.incident.id, row] as const] : [],
    ),
  );
  if (rows.size === 0) return null;
  return (
    <>
      <select
        class="field__control many-bar__into"
        aria-label={t.into}
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
      >
        <option value="">{t.into}</option>
        {[...rows].map(([id, row]) => (
          <option key={id} value={id}>
            {labelled(
              `${names.category(row.category)} ${row.reference}`,
              [row.gist, t.number(row.incident?.count ?? 0)].filter(Boolean).join(t.comma),
            )}
          </option>
        ))}
      </select>
      {rows.has(chosen) && (
        <Button busy={busy} onClick={() => void into(chosen)}>
          {t.intoIt}
        </Button>
      )}
    </>
  );
}
