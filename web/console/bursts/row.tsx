/** A burst above the list of reports: one row that opens into its reports. */

import { span } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import { pathTo } from '../router.ts';
import type { Burst } from '../types.ts';
import { words } from '../words.ts';
import { numberOf, text } from './texts.ts';

export function BurstRow({ burst }: { burst: Burst }) {
  const { names } = useDesk();
  const urgency = names.urgency(burst.category);
  return (
    <li class="report-row" data-id={burst.id}>
      <div class="report-row__thumbnail">
        <Icon name="warning" />
      </div>
      <div class="report-row__what">
        <a class="report-row__link" href={pathTo(`bursts/${burst.id}`)}>
          {text().title(names.category(burst.category))}
        </a>
        <p class="report-row__tags">
          <span class={`tag tag--${urgency}`}>{words().urgency[urgency]}</span>
          <span class="tag">{text().unproven}</span>
        </p>
      </div>
      <p class="report-row__facts">{hourOf(burst)}</p>
      <div class="report-row__state">
        <strong>{numberOf(burst)}</strong>
      </div>
    </li>
  );
}

/** Return the hour of a burst by the city's clocks. */
export function hourOf({ since, until }: Burst): string {
  return span(since, until);
}
