/** The files that a person has chosen, each looked at for what it says of the phone. */
import { type ReadonlySignal, signal } from '@preact/signals';

import { type Attachment, recordedMs, underOneName } from '../attachment.ts';
import { cut } from '../../../sdk/metadata/cut.ts';
import { reducedOf } from '../../../sdk/reduced.ts';

export interface ChosenFiles {
  readonly all: ReadonlySignal<readonly Attachment[]>;
  add(files: readonly File[]): void;
  remove(id: number): void;
  agree(id: number, agreed: boolean): void;
  clear(): void;
}

let nextId = 0;

export function chosenFiles(): ChosenFiles {
  const all = signal<readonly Attachment[]>([]);

  function update(id: number, part: Partial<Attachment>): void {
    all.value = all.value.map((one) => (one.id === id ? { ...one, ...part } : one));
  }

  /** Find out whether the file's structure is known. It is cut anew when it is sent. */
  async function look({ id, file }: Attachment): Promise<void> {
    try {
      const { known, type, removed, said = {} } = await cut(file, { place: false, time: false });
      update(id, { look: known || recordedMs(file) !== null ? 'known' : 'unknown', type, removed, said });
      void reducedOf(file);
    } catch {
      update(id, { look: 'unreadable' });
    }
  }

  return {
    all,
    add(files) {
      const added = files.map((file): Attachment => {
        nextId += 1;
        return { id: nextId, file: underOneName(file), look: 'looking', type: null, removed: [], agreed: false };
      });
      all.value = [...all.value, ...added];
      for (const one of added) void look(one);
    },
    remove(id) {
      all.value = all.value.filter((one) => one.id !== id);
    },
    agree: (id, agreed) => update(id, { agreed }),
    clear() {
      all.value = [];
    },
  };
}
