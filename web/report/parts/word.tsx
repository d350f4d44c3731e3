import { useEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Form, TextField } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { texts, useSaid } from '../../shared/language.ts';
import { isUnderWord } from '../draft.ts';
import { chooseWord, openWord } from '../put-away.ts';
import { go } from '../screen.ts';
import { openedOutbox, outbox } from '../service.ts';

const LEAST = 6;

/** "Keep this for later": a word under which leaving keeps what is begun, instead of erasing it. */
export function KeepForLater() {
  const words = text();
  const [open, setOpen] = useState(false);
  const said = useRef<HTMLDivElement>(null);
  const isDone = open && isUnderWord.value;
  useEffect(() => {
    if (!isDone) return;
    said.current?.scrollIntoView({ block: 'center' });
    said.current?.focus({ preventScroll: true });
  }, [isDone]);
  if (!outbox.value?.durable) return null;
  return (
    <section class="apart no-print">
      {isUnderWord.value ? null : open ? (
        <WordForm
          id="keep-word"
          label={words.choose}
          hint={words.chooseHint}
          yes={words.chooseYes}
          act={async (word) => {
            await chooseWord(word, await openedOutbox());
            return null;
          }}
        />
      ) : (
        <Button onClick={() => setOpen(true)}>{words.keep}</Button>
      )}
      <div ref={said} tabIndex={-1}>
        <Status>
          <p>{isUnderWord.value ? words.chosen : words.keepHint}</p>
        </Status>
      </div>
    </section>
  );
}

/** The way back to what is kept. It is the same on each phone, whether anything is kept there. */
export function OpenKept() {
  const words = text();
  const [open, setOpen] = useState(false);
  if (!outbox.value?.durable) return null;
  return (
    <section class="apart">
      <Button kind="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        {words.door}
      </Button>
      {open && (
        <WordForm
          id="open-word"
          label={words.given}
          yes={words.givenYes}
          act={async (word) => {
            if (!(await openWord(word, await openedOutbox()))) return words.nothing;
            go({ name: 'start' }, words.back);
            return null;
          }}
        />
      )}
    </section>
  );
}

interface WordFormProps {
  id: string;
  label: string;
  hint?: string;
  yes: string;
  /** Return what is wrong. */
  act: (word: string) => Promise<string | null>;
}

function WordForm({ id, label, hint, yes, act }: WordFormProps) {
  const words = text();
  const [word, setWord] = useState('');
  const [error, setError] = useSaid<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    if ([...word.trim()].length < LEAST) return setError(() => text().short);
    setBusy(true);
    setError(null);
    const wrong = await act(word).catch(() => text().failed);
    setBusy(false);
    if (wrong) setError(wrong);
  };
  return (
    <Form onSubmit={submit}>
      <TextField
        id={id}
        label={label}
        hint={hint}
        error={error}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        value={word}
        onValue={setWord}
      />
      <Button kind="primary" type="submit" busy={busy}>
        {busy ? words.busy : yes}
      </Button>
    </Form>
  );
}

const text = texts({
  en: {
    keep: 'Keep this for later',
    keepHint: '“Leave this page” erases what is written here. To find it again after leaving, choose a word.',
    choose: 'A word that only you know',
    chooseHint:
      'At least 6 characters; several words are better. Nobody can give it to you again. If something is kept here under another word, it is replaced. There is room for your words and about 4 MB of files: what does not fit is erased.',
    chooseYes: 'Keep it under this word',
    chosen:
      '“Leave this page” hides what you have begun under your word. To see it again, press “I have a receipt” on the first screen, then “I have kept something under a word”.',
    door: 'I have kept something under a word',
    given: 'Your word',
    givenYes: 'Show it',
    nothing: 'Nothing is kept under this word on this device.',
    back: 'Here is what you kept. It is on this device again until you leave, send or erase it.',
    short: 'A word has at least 6 characters.',
    failed: 'This device could not do it. Try again.',
    busy: 'A moment…',
  },
  zh: {
    keep: '留到以后再写',
    keepHint: '点“立即离开”会删除这里写的内容。如果离开后还想找回，请设一个暗语。',
    choose: '只有您知道的暗语',
    chooseHint:
      '至少 6 个字符，几个词更好。忘记了谁也无法找回。如果这里已有用别的暗语保存的内容，会被替换。可保存文字和约 4 MB 的文件，放不下的会被删除。',
    chooseYes: '用这个暗语保存',
    chosen: '点“立即离开”后，没写完的内容会用您的暗语隐藏。想再看到它，请在首页点“我有回执”，再点“我用暗语保存过内容”。',
    door: '我用暗语保存过内容',
    given: '您的暗语',
    givenYes: '显示',
    nothing: '这台设备上没有用这个暗语保存的内容。',
    back: '这是您保存的内容。在您离开、发送或删除之前，它又在这台设备上了。',
    short: '暗语至少要有 6 个字符。',
    failed: '这台设备未能完成，请再试一次。',
    busy: '请稍等…',
  },
});
