import type { Feature } from '../area.ts';

/** Areas of a list, under a name of their own; nothing when there are none. */
export function AreaOptions({ label, areas }: { label: string; areas: readonly Feature[] }) {
  if (areas.length === 0) return null;
  return (
    <optgroup label={label}>
      {areas.map(({ properties }) => (
        <option key={properties.code} value={properties.code}>
          {properties.label}
        </option>
      ))}
    </optgroup>
  );
}
