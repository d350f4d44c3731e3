/** Instants in the inputs of a form, which know only the time of this computer. */

/** Return an instant as an input of type `datetime-local` has it, such as `2026-12-01T08:00`. */
export function localInput(at: string): string {
  const date = new Date(at);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** Return the instant of what such an input has. */
export function instant(local: string): string {
  return new Date(local).toISOString();
}
