import city from 'virtual:city';
import { texts } from '../language.ts';

/** The emergency number, above everything else. `short`: in as few words as it can be said. */
export function Emergency({ short = false }: { short?: boolean }) {
  return (
    <p class={short ? 'emergency emergency--short' : 'emergency'}>
      {short ? text().short : text().danger}
      <span class="emergency__call">
        {short ? text().shortCall : text().call} <a href={`tel:${city.emergencyNumber}`}>{city.emergencyNumber}</a>
      </span>
    </p>
  );
}

const text = texts({
  en: { danger: 'If anyone is in danger right now, ', call: 'call', short: 'In danger? ', shortCall: 'Call' },
  zh: { danger: '如果有人正处于危险之中，请立即', call: '拨打', short: '有危险请', shortCall: '拨打' },
});
