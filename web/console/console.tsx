import city from 'virtual:city';
import { LanguageSwitch } from '../shared/components/LanguageSwitch.tsx';
import { language, texts } from '../shared/language.ts';

/** The officers' first screen. */
export function Console() {
  return (
    <main class="page">
      <h1>{text().title(city.service[language.value])}</h1>
      <p>{text().about(city.emergencyNumber)}</p>
      <LanguageSwitch />
    </main>
  );
}

const text = texts({
  en: {
    title: (service: string) => `${service} for officers`,
    about: (number: string) => `Not for emergencies: those go to ${number}.`,
  },
  zh: {
    title: (service: string) => `${service} 民警工作台`,
    about: (number: string) => `紧急警情请走 ${number}，不在此处理。`,
  },
});
