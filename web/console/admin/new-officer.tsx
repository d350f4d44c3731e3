import { Back } from '../parts/back.tsx';
import { go, pathTo } from '../router.ts';
import type { Api } from '../types.ts';
import { OFFICERS, officerPath } from './paths.ts';
import { RowForm } from './row-form.tsx';
import { text } from './texts.ts';

/** A new officer, to be proposed. Afterwards the proposal is shown. */
export function NewOfficer({ api }: { api: Api }) {
  return (
    <>
      <Back to={`admin/${OFFICERS}`}>{text().officers.back}</Back>
      <RowForm
        api={api}
        officer={null}
        onDone={(_, username) => go(officerPath(username), { replace: true })}
        onCancel={() => go(pathTo(`admin/${OFFICERS}`))}
      />
    </>
  );
}
