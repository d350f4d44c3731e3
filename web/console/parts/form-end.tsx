/** How a form ends: the button that sends it, and the one that leaves it. */

import type { ComponentChildren } from 'preact';

import { Button, type ButtonProps } from '../../shared/components/button.tsx';
import { texts } from '../../shared/language.ts';

interface FormEndProps {
  submit: string;
  kind?: NonNullable<ButtonProps['kind']>;
  busy: boolean;
  onCancel?: (() => void) | undefined;
  /** With room above and below. */
  isApart?: boolean;
  /** Other buttons, before these. */
  children?: ComponentChildren;
}

export function FormEnd(props: FormEndProps) {
  const { submit, kind = 'primary', busy, onCancel, isApart = false, children } = props;
  return (
    <div class={isApart ? 'row steps' : 'row'}>
      {children}
      <Button kind={kind} type="submit" busy={busy}>
        {submit}
      </Button>
      {onCancel && <Button onClick={onCancel}>{text().cancel}</Button>}
    </div>
  );
}

const text = texts({ en: { cancel: 'Cancel' }, zh: { cancel: '取消' } });
