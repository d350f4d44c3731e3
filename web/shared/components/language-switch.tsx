import { language } from '../language.ts';
import { Button } from './button.tsx';

/** Change to the other language, named in itself. */
export function LanguageSwitch() {
  const [other, name, tag] =
    language.value === 'zh' ? (['en', 'English', 'en'] as const) : (['zh', '中文', 'zh-CN'] as const);
  return (
    <Button kind="quiet" lang={tag} onClick={() => (language.value = other)}>
      {name}
    </Button>
  );
}
