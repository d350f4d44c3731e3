import type { ComponentChildren } from 'preact';

import { Icon } from '../frame/icon.tsx';
import { pathTo } from '../router.ts';
import './back.css';

/** The way from one thing to the list that it stands in. */
export function Back({ to, children }: { to: string; children: ComponentChildren }) {
  return (
    <a class="back" href={pathTo(to)}>
      <Icon name="back" />
      {children}
    </a>
  );
}
