/** The requests of people who are written about, and the form that registers one. */

import { useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { choicesOf, Select } from '../../shared/components/choices.tsx';
import { Form, TextBox, TextField } from '../../shared/components/field.tsx';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import { ok, Refusal, useLoaded, useStep, Waiting } from '../parts/asking.tsx';
import { Row, Rows } from '../parts/lists.tsx';
import { go, pathTo } from '../router.ts';
import { wordFor } from '../words.ts';
import { requestTexts } from './texts.ts';

const RIGHTS = ['access', 'correction', 'erasure'] as const;
const SHOWN = ['open', 'decided'] as const;
const NOBODY = { text: '', name: '', phone: '', email: '' };

export function RequestsPage() {
  const t = requestTexts();
  const { api } = useDesk();
  const [shown, setShown] = useState<(typeof SHOWN)[number]>('open');
  const query = { decided: shown === 'decided' };
  const { loaded, again } = useLoaded(
    () => ok(api.GET('/v1/officer/requests', { params: { query } })),
    shown,
  );
  return (
    <>
      <h1>{t.all}</h1>
      <p>{t.what}</p>
      <Select
        id="requests-shown"
        label={t.show}
        chosen={shown}
        choices={choicesOf(SHOWN, t.shown)}
        onChange={setShown}
      />
      <Waiting loaded={loaded} again={again}>
        {({ items }) => (
          <Rows items={items} none={t.none}>
            {(each) => (
              <Row
                key={each.number}
                to={pathTo(`requests/${each.number}`)}
                title={t.title(each.number)}
              >
                {each.late && <span class="state state--waiting">{t.late}</span>}
                <span>{wordFor(t.rights, each.right)}</span>
                <span>{t.dueAt(clock(each.due_at))}</span>
                {each.outcome && <span>{wordFor(t.outcomes, each.outcome)}</span>}
              </Row>
            )}
          </Rows>
        )}
      </Waiting>
      <Register />
    </>
  );
}

function Register() {
  const t = requestTexts();
  const { api } = useDesk();
  const step = useStep();
  const [right, setRight] = useState<(typeof RIGHTS)[number]>('access');
  const [asking, setAsking] = useState(NOBODY);
  const write = (change: Partial<typeof NOBODY>) => setAsking({ ...asking, ...change });
  const register = () =>
    step.run(async () => {
      const { text, name, phone, email } = asking;
      const given = { name, phone, email };
      const contact = Object.fromEntries(Object.entries(given).filter(([, value]) => value.trim()));
      const made = await ok(api.POST('/v1/officer/requests', { body: { right, text, contact } }));
      go(pathTo(`requests/${made.number}`));
    });
  return (
    <Form class="card narrow" aria-labelledby="register" onSubmit={() => void register()}>
      <h2 id="register">{t.register}</h2>
      <Select
        id="request-right"
        label={t.right}
        chosen={right}
        choices={choicesOf(RIGHTS, t.rights)}
        onChange={setRight}
      />
      <TextBox
        id="request-text"
        label={t.theirWords}
        rows={4}
        value={asking.text}
        onValue={(text) => write({ text })}
      />
      {(['name', 'phone', 'email'] as const).map((part) => (
        <TextField
          key={part}
          id={`request-${part}`}
          label={t.contacts[part]}
          optional
          autocomplete="off"
          value={asking[part]}
          onValue={(value) => write({ [part]: value })}
        />
      ))}
      <Refusal failure={step.failure} />
      <Button kind="primary" type="submit" busy={step.busy}>
        {t.register}
      </Button>
    </Form>
  );
}
