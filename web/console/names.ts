/** Names of the city's categories, districts and stations, in the language of the screen, and those of
 * colleagues.
 */

import { effect, signal, type Signal } from '@preact/signals';

import { language } from '../shared/language.ts';
import { outcomeOf } from './calls.ts';
import {
  type Api,
  type Areas,
  type Catalogue,
  type Colleague,
  type Me,
  seesReports,
  type Urgency,
} from './types.ts';
import { words } from './words.ts';

// A city's officers of one category and district; the list is for choosing, not for reading.
const MOST_PAGES = 5;
const NO_PLACE = 'unknown';
const KEPT_MS = 60 * 60_000;

export class Names {
  readonly catalogue = signal<Catalogue | null>(null);
  readonly areas = signal<Areas | null>(null);
  private readonly officers: Signal<ReadonlyMap<string, string>>;
  private reading: Promise<void> = Promise.resolve();
  private readonly asked = new Map<string, { at: number; colleagues: Promise<Colleague[]> }>();

  constructor(
    private readonly api: Api,
    private readonly me: Pick<Me, 'username' | 'name' | 'roles' | 'scope'>,
  ) {
    this.officers = signal(new Map([[me.username, me.name]]));
  }

  /** Read the names now, and again when the language changes. Returns a function that ends it. */
  start(): () => void {
    return effect(() => {
      void language.value;
      this.reading = this.read();
    });
  }

  category(code: string): string {
    // No catalogue has it: nobody chooses it.
    if (code === 'oversight') return words().oversight;
    return labelOf(this.catalogue.value?.categories, code);
  }

  /** Return how urgent reports of a category are at least; critical while nobody knows. */
  urgency(category: string): Urgency {
    const known = this.catalogue.value?.categories.find(({ code }) => code === category);
    return known?.urgency ?? 'critical';
  }

  /** Return whether pictures of a category are shown only when they are asked for; so while nobody
   * knows. */
  covers(category: string): boolean {
    const known = this.catalogue.value?.categories.find(({ code }) => code === category);
    return known?.blur ?? true;
  }

  district(code: string): string {
    return labelOf(this.catalogue.value?.districts, code);
  }

  station(code: string): string {
    const areas = this.areas.value?.features ?? [];
    return areas.find(({ properties }) => properties.code === code)?.properties.label ?? code;
  }

  /**
   * Return an officer's name, once it is known: until then, and for whoever left, the username. Two
   * with one name have their usernames beside it.
   */
  officer(username: string): string {
    const names = this.officers.value;
    const name = names.get(username);
    if (!name) return username;
    const same = [...names.values()].filter((other) => other === name).length;
    return same > 1 ? `${name} (${username})` : name;
  }

  /**
   * Return the colleagues to whom a report of this category and district can be assigned, and learn
   * their names. They are kept for an hour, since each call is on record; the service checks who is chosen.
   */
  colleagues(category: string, district: string): Promise<Colleague[]> {
    const key = `${category}/${district}`;
    const before = this.asked.get(key);
    if (before && Date.now() - before.at < KEPT_MS) return before.colleagues;
    const colleagues = this.readColleagues(category, district);
    this.asked.set(key, { at: Date.now(), colleagues });
    return colleagues;
  }

  /** Learn who an officer is from their colleagues of a category and district, unless it is known. */
  learn(username: string, category: string, district: string): void {
    if (!this.officers.peek().has(username)) void this.colleagues(category, district);
  }

  /** Know names that were read with something else. */
  know(people: readonly { username: string; name: string }[]): void {
    if (people.length === 0) return;
    const known = people.map(({ username, name }): [string, string] => [username, name]);
    this.officers.value = new Map([...this.officers.peek(), ...known]);
  }

  /** Learn who these officers are, with no report that has their category and district. */
  async meet(usernames: readonly string[]): Promise<void> {
    const strangers = () => usernames.some((username) => !this.officers.peek().has(username));
    // Whoever sees no reports would be refused, and each refusal is on record.
    if (!strangers() || !seesReports(this.me)) return;
    await this.reading;
    for (const category of this.ownCategories().slice(0, MOST_PAGES)) {
      if (!strangers()) return;
      // All officers of a category see the reports that name no place.
      await this.colleagues(category, NO_PLACE);
    }
  }

  private ownCategories(): string[] {
    const { categories } = this.me.scope;
    if (!categories.includes('*')) return categories;
    return this.catalogue.peek()?.categories.map(({ code }) => code) ?? [];
  }

  private async readColleagues(category: string, district: string): Promise<Colleague[]> {
    const found: Colleague[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query: { category: string; district: string; cursor?: string } = {
        category,
        district,
        ...(cursor !== null && { cursor }),
      };
      const outcome = await outcomeOf(this.api.GET('/v1/officer/colleagues', { params: { query } }));
      if (!outcome.ok) {
        // Whoever asks later asks anew.
        this.asked.delete(`${category}/${district}`);
        break;
      }
      found.push(...outcome.data.items);
      cursor = outcome.data.next_cursor;
      if (cursor === null) break;
    }
    this.know(found);
    return found;
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
