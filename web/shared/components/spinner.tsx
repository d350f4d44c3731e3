import './spinner.css';

/** Something goes on. Without a `label` the text beside it says what. */
export function Spinner({ label }: { label?: string }) {
  return (
    <span class="spinner" role={label ? 'img' : undefined} aria-label={label} aria-hidden={!label} />
  );
}
