/** Names of the city's categories, districts and stations, in the language of the screen. */

import { effect, signal } from '@preact/signals';

import { language } from '../shared/language.ts';
import type { Api, Areas, Catalogue } from './types.ts';

export class Names {
  readonly catalogue = signal<Catalogue | null>(null);
  readonly areas = signal<Areas | null>(null);

  constructor(private readonly api: Api) {}

  /** Read the names now, and again when the language changes. Returns a function that ends it. */
  start(): () => void {
    return effect(() => {
      void language.value;
      void this.read();
    });
  }

  category(code: string): string {
    return labelOf(this.catalogue.value?.categories, code);
  }

  district(code: string): string {
    return labelOf(this.catalogue.value?.districts, code);
  }

  station(code: string): string {
    const areas = this.areas.value?.features ?? [];
    return areas.find(({ properties }) => properties.code === code)?.properties.label ?? code;
  }

  private async read(): Promise<void> {
    const [catalogue, areas] = await Promise.all([
      this.api.GET('/v1/catalogue').catch(() => null),
      this.api.GET('/v1/areas').catch(() => null),
    ]);
    if (catalogue?.data) this.catalogue.value = catalogue.data;
    if (areas?.data) this.areas.value = areas.data;
  }
}

function labelOf(items: { code: string; label: string }[] | undefined, code: string): string {
  return items?.find((item) => item.code === code)?.label ?? code;
}
