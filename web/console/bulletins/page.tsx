import { useEffect, useState } from 'preact/hooks';
import { Back } from '../parts/back.tsx';
import { go, path, pathTo, routeOf } from '../router.ts';
import type { Api, Me } from '../types.ts';
import { BulletinList } from './bulletin-list.tsx';
import { Editor } from './editor.tsx';
import { OpenedBulletin } from './opened-bulletin.tsx';
import { NEW, opened } from './paths.ts';
import { text } from './texts.ts';
import '../parts/lists.css';
import './bulletins.css';

/** Bulletins: the list, a new one, or one of them. */
export function BulletinsPage({ api, me }: { api: Api; me: Me }) {
  const route = routeOf(path.value);
  const id = route.page === 'bulletins' ? route.id : null;
  const [saved, setSaved] = useState<string | null>(null);
  const show = (made: string) => {
    setSaved(made);
    go(opened(made), { replace: true });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is saved just now is shown next.
  useEffect(() => {
    if (id !== saved) setSaved(null);
  }, [id]);
  if (id === null) return <BulletinList api={api} me={me} />;
  return (
    <div class="bulletin">
      <Back to="bulletins">{text().back}</Back>
      {id === NEW ? (
        <Editor
          api={api}
          bulletin={null}
          onSaved={show}
          onCancel={() => go(pathTo('bulletins'))}
        />
      ) : (
        <OpenedBulletin key={id} api={api} me={me} id={id} isJustSaved={id === saved} />
      )}
    </div>
  );
}
