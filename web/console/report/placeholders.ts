/** Templates of messages: what is known is filled in, and nothing is sent with a gap. */

const PLACEHOLDER = /\{([a-z_]+)\}/g;

/** Fill what is known into a text; the other placeholders stay. */
export function filled(text: string, known: Readonly<Record<string, string | null>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => known[name] || whole);
}

/** Return the placeholders that a text still has, each once. */
export function gaps(text: string): string[] {
  return [...new Set(text.match(PLACEHOLDER) ?? [])];
}
