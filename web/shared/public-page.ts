/** Return the page that people read and share, of a bulletin whose `url` is its JSON. */
export function publicPage(url: string): string {
  return url.replace('/v1/bulletins/', '/bulletins/');
}
