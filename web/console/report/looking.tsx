import { useEffect } from 'preact/hooks';

import { Status } from '../../shared/components/status.tsx';
import { useDesk } from '../desk.ts';
import { reportTexts } from './texts.ts';

/** Who else has this report open now, so that two officers do not do the same. */
export function Looking({ id }: { id: string }) {
  const t = reportTexts();
  const { pulse } = useDesk();
  useEffect(() => {
    pulse.look(id);
    return () => pulse.look(null);
  }, [pulse, id]);
  const others = pulse.pulse.value?.also_looking ?? [];
  return (
    <div class="no-print">
      <Status>{others.length > 0 && t.alsoLooking(others.map((each) => each.name || each.username))}</Status>
    </div>
  );
}
