import { Status } from '../../shared/components/status.tsx';
import { catalogueState, categories, loadCatalogue } from '../catalogue.ts';
import { isOpen } from '../form.ts';
import { CategoryIcon } from '../parts/icon.tsx';
import { Missing } from '../parts/missing.tsx';
import { go } from '../screen.ts';
import { start } from './texts.ts';

/** The categories as tiles: one tap opens the report. */
export function Tiles() {
  const text = start();
  const all = categories.value;
  return (
    <section aria-labelledby="categories">
      <h2 id="categories">{text.categories}</h2>
      <ul class="tiles" aria-busy={catalogueState.value === 'loading' && all.length === 0}>
        {all.map((category) => (
          <li key={category.code}>
            {isOpen(category) ? (
              <button
                type="button"
                class="tile"
                onClick={() => go({ name: 'write', category: category.code, bulletin: null })}
              >
                <CategoryIcon code={category.code} />
                <span>{category.label}</span>
              </button>
            ) : (
              <p class="tile tile--closed">
                <CategoryIcon code={category.code} />
                <span>{category.label}</span>
                <span class="tile__state">{text.closed}</span>
              </p>
            )}
          </li>
        ))}
        {all.length === 0 &&
          catalogueState.value === 'loading' &&
          [1, 2, 3, 4, 5, 6].map((number) => (
            <li key={number} class="tile tile--empty" aria-hidden="true" />
          ))}
      </ul>
      <Status>{catalogueState.value === 'kept' && <p>{text.stale}</p>}</Status>
      <Missing
        shown={catalogueState.value === 'failed'}
        onAgain={() => void loadCatalogue()}
      />
    </section>
  );
}
