import city from 'virtual:city';
import { Emergency } from '../shared/components/Emergency.tsx';
import { LanguageSwitch } from '../shared/components/LanguageSwitch.tsx';
import { language, texts } from '../shared/language.ts';

/** The residents' first screen. */
export function Start() {
  return (
    <main class="page">
      <Emergency />
      <h1>{city.service[language.value]}</h1>
      <p>{text().about}</p>
      <LanguageSwitch />
    </main>
  );
}

const text = texts({
  en: { about: `Report to ${city.police.en} without an account.` },
  zh: { about: `无需注册账号，即可向${city.police.zh}举报。` },
});
