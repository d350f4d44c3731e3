import { useEffect } from 'preact/hooks';
import city from 'virtual:city';

import { Button } from '../shared/components/button.tsx';
import { LanguageSwitch } from '../shared/components/language-switch.tsx';
import { Status } from '../shared/components/status.tsx';
import { keepFocus } from '../shared/keep-focus.ts';
import { labelled, language, sentences, texts } from '../shared/language.ts';
import { leave } from './leave.ts';
import { later } from './parts/later.tsx';
import { go, screen, word } from './screen.ts';
import { asksForReceipt, online, outbox } from './service.ts';
import { Start } from './start/start.tsx';
import { frame } from './texts.ts';

const Write = later(() => import('./write/write.tsx').then((module) => module.Write));
const Sent = later(() => import('./sent/sent.tsx').then((module) => module.Sent));
const Mine = later(() => import('./mine/mine.tsx').then((module) => module.Mine));

// A button too: a question stands in the place of the button that asks it.
const STEPS = 'input, select, textarea, button';

/** The frame that is the same on each screen: what is urgent, the way out, the language. */
export function App() {
  const text = frame();
  useEffect(() => keepFocus(STEPS), []);
  return (
    <>
      <a class="skip-link" href="#content" onClick={toContent}>
        {text.skip}
      </a>
      <header class="header">
        <p class="whose">{city.police[language.value]}</p>
        <div class="top">
          <LanguageSwitch />
          <Button class="top__leave" onClick={leave}>
            {text.leave}
          </Button>
        </div>
      </header>
      <main id="content" class="page" tabIndex={-1}>
        <Emergency short={screen.value.name !== 'start'} />
        <Status kind="warning">
          {!online.value && <p>{sentences(text.offline, canWrite() ? text.offlineWrite : '')}</p>}
        </Status>
        <Status kind="warning">
          {outbox.value && !outbox.value.durable && <p>{sentences(text.memory, ...atClosing())}</p>}
        </Status>
        <Status kind={word.value.kind}>{word.value.text && <p>{word.value.text}</p>}</Status>
        {screen.value.name !== 'start' && (
          <Button kind="quiet" class="back" onClick={() => go({ name: 'start' })}>
            <span aria-hidden="true">‹</span> {text.back}
          </Button>
        )}
        <Current />
      </main>
      <footer class="page bottom">
        <p>{labelled(text.whose, `${city.police[language.value]} · ${city.service[language.value]}`)}</p>
        <p>{sentences(city.reach[language.value], city.after[language.value])}</p>
        <p>{text.trace}</p>
        <p>{text.leaveHint}</p>
      </footer>
    </>
  );
}

/** Return what is lost when a page closes that keeps nothing. */
function atClosing(): readonly string[] {
  const text = frame();
  const entries = outbox.value?.entries.value ?? [];
  const isWriting = ['write', 'rewrite'].includes(screen.value.name);
  const isUnsent = isWriting || entries.some(({ state }) => state !== 'sent');
  const hasReceipt = entries.some(asksForReceipt);
  return [
    isUnsent || !hasReceipt ? text.memoryUnsent : '',
    hasReceipt ? text.memoryReceipt : '',
  ];
}

/** Whether a report can be written or begun on the screen that is shown. */
function canWrite(): boolean {
  return ['start', 'write', 'rewrite'].includes(screen.value.name);
}

function Current() {
  const shown = screen.value;
  switch (shown.name) {
    case 'start':
      return <Start />;
    case 'write':
      return <Write begin={shown} draft={null} />;
    case 'rewrite':
      return <Write begin={null} draft={shown.draft} />;
    case 'sent':
      return <Sent id={shown.entry} placeless={shown.placeless === true} about={shown.about} />;
    case 'mine':
      return <Mine receipt={shown.receipt} />;
  }
}

/** Without a fragment: nothing is added to the address. */
function toContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

/** The emergency number, above everything else. `short`: in as few words as it can be said. */
export function Emergency({ short = false }: { short?: boolean }) {
  return (
    <p class={short ? 'emergency emergency--short' : 'emergency'}>
      {short ? text().short : text().danger}
      <span class="emergency__call">
        {short ? text().shortCall : text().call} <a href={`tel:${city.emergencyNumber}`}>{city.emergencyNumber}</a>
      </span>
    </p>
  );
}

const text = texts({
  en: { danger: 'If anyone is in danger right now, ', call: 'call', short: 'In danger? ', shortCall: 'Call' },
  zh: { danger: '如果有人正处于危险之中，请立即', call: '拨打', short: '有危险请', shortCall: '拨打' },
});
