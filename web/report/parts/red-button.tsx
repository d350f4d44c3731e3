import { go } from '../screen.ts';
import { frame } from '../texts.ts';

/** The red button: a report whose category can be chosen later. */
export function RedButton({ hint }: { hint?: string }) {
  return (
    <button
      type="button"
      class="red-button"
      onClick={() => go({ name: 'write', category: '', bulletin: null })}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true" class="red-button__sign">
        <path d="M10.5 3h3l-.5 11h-2zM12 16.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4z" />
      </svg>
      <span class="red-button__words">
        <span class="red-button__name">{frame().red}</span>
        {hint && <span class="red-button__hint">{hint}</span>}
      </span>
    </button>
  );
}
