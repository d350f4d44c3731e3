import { useState } from 'preact/hooks';
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
  // It is said on the page of what was just written, which opens anew.
  const [written, setWritten] = useState<string | null>(null);
  const route = routeOf(path.value);
  const id = route.page === 'bulletins' ? route.id : null;
  if (id === null) return <BulletinList api={api} me={me} />;
  return (
    <div class="bulletin">
      <p>
        <a href={pathTo('bulletins')}>← {text().back}</a>
      </p>
      {id === NEW ? (
        <Editor
          api={api}
          bulletin={null}
          onSaved={(saved) => {
            setWritten(saved);
            go(opened(saved), { replace: true });
          }}
          onCancel={() => go(pathTo('bulletins'))}
        />
      ) : (
        <OpenedBulletin key={id} api={api} me={me} id={id} isJustWritten={id === written} />
      )}
    </div>
  );
}
