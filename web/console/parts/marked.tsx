import type { ComponentChildren } from 'preact';
import { colon, texts } from '../../shared/language.ts';
import './marked.css';

/** What was added or removed: marked by a character, by a line, and by a colour, and read out. */
export function Marked({ kind, children }: { kind: 'added' | 'removed'; children: ComponentChildren }) {
  const Tag = kind === 'added' ? 'ins' : 'del';
  return (
    <Tag class={`mark mark--${kind}`}>
      <span class="hidden-visually">
        {text()[kind]}
        {colon()}
      </span>
      <span class="mark__sign" aria-hidden="true">{kind === 'added' ? '+' : '−'}</span>
      {children}
    </Tag>
  );
}

const text = texts({
  en: { added: 'Added', removed: 'Removed' },
  zh: { added: '新增', removed: '删除' },
});
