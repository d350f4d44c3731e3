/** Pictures that must not be seen by chance: nothing of them is loaded before they are asked for. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { texts } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import './covered.css';

interface CoverProps {
  /** Of the report. */
  category: string;
  /** What the picture is, for who does not see the button. */
  label?: string;
  /** As large as its thumbnail, with a sign alone. */
  small?: boolean;
  /** Take the focus, since the button goes. */
  onSeen?: (button: HTMLElement) => void;
  children: ComponentChildren;
}

/** Pictures of a category that covers them, until the button is pressed; of any other at once. */
export function Cover({ category, label, small = false, onSeen, children }: CoverProps) {
  const { names } = useDesk();
  const [isSeen, setSeen] = useState(false);
  if (isSeen || !names.covers(category)) return <>{children}</>;
  const press = (button: HTMLElement) => {
    onSeen?.(button);
    setSeen(true);
  };
  return <CoverButton small={small} {...(label && { label })} onPress={press} />;
}

interface CoverButtonProps {
  label?: string;
  small?: boolean;
  onPress: (button: HTMLElement) => void;
}

export function CoverButton({ label, small = false, onPress }: CoverButtonProps) {
  const t = coverTexts();
  const name = label === undefined ? t.show : t.showOf(label);
  return (
    <button
      type="button"
      class={small ? 'covered covered--small' : 'covered'}
      aria-label={name}
      title={name}
      onClick={({ currentTarget }) => onPress(currentTarget)}
    >
      <Icon name="picture" />
      {!small && <span>{t.show}</span>}
    </button>
  );
}

const coverTexts = texts({
  en: { show: 'Show picture', showOf: (what: string) => `Show picture: ${what}` },
  zh: { show: '显示图片', showOf: (what: string) => `显示图片：${what}` },
});
