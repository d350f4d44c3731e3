import { Button } from '../../shared/components/button.tsx';
import { Field } from '../../shared/components/field.tsx';
import { language } from '../../shared/language.ts';
import { Fold } from '../parts/fold.tsx';
import { showTime, toLocal, toRfc3339 } from '../../shared/time.ts';
import { fieldId } from './errors.ts';
import { change, form } from './state.ts';
import { write } from './texts.ts';

/** When it was. It is not filled in by itself: that would say when the phone was used. */
export function When({ error }: { error: string | null }) {
  const text = write();
  const { when } = form.value;
  const time = toRfc3339(when);
  return (
    <Fold title={text.when} value={time ? showTime(time, language.value) : ''} open={Boolean(error)}>
      <Field id={fieldId('occurred_at')} label={text.dayTime} hint={text.whenHint} error={error}>
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            value={when}
            onInput={(event) => change({ when: event.currentTarget.value })}
          />
        )}
      </Field>
      <div class="row">
        <Button onClick={() => change({ when: toLocal(new Date()) })}>{text.now}</Button>
        {when && <Button onClick={() => change({ when: '' })}>{text.clear}</Button>}
      </div>
    </Fold>
  );
}
