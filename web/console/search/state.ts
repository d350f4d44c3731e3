/** What an officer looks for: in memory, since a number is not for the browser's history. */

import { signal } from '@preact/signals';

export class SearchState {
  readonly text = signal('');
}
