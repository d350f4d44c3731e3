import city from 'virtual:city';
import { texts } from '../language.ts';

/** The emergency number, above everything else. */
export function Emergency() {
  return (
    <p class="emergency">
      {text().danger}
      <span class="emergency__call">
        {text().call} <a href={`tel:${city.emergencyNumber}`}>{city.emergencyNumber}</a>
      </span>
    </p>
  );
}

const text = texts({
  en: { danger: 'If anyone is in danger right now, ', call: 'call' },
  zh: { danger: '如果有人正处于危险之中，请立即', call: '拨打' },
});
