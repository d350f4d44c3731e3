import { useEffect, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { ErrorSummary } from '../../shared/components/error-summary.tsx';
import { Field, Form } from '../../shared/components/field.tsx';
import { Status } from '../../shared/components/status.tsx';
import { sentences } from '../../shared/language.ts';
import { useDesk } from '../desk.ts';
import { Refusal } from '../parts/asking.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import type { Catalogue } from '../types.ts';
import { PICTURES } from '../upload.ts';
import { Since } from './change-list.tsx';
import { type Bulletin, changesBetween, currentVersion } from './changes.ts';
import { ContentFields } from './content-fields.tsx';
import { Declined } from './declined.tsx';
import {
  type Mistake,
  mistakeLines,
  mistakesIn,
  previewOf,
  stillIn,
  type Written,
  written,
} from './form.ts';
import { Preview, type Shown } from './preview.tsx';
import { shownPictures, useSaving } from './saving.ts';
import { text } from './texts.ts';

export interface EditorProps {
  /** Null for a new one. */
  bulletin: Bulletin | null;
  onSaved: (id: string) => void;
  onCancel: () => void;
}

/** The form of a bulletin, with a preview beside it. It needs the catalogue, so it waits for it. */
export function Editor(props: EditorProps) {
  const catalogue = useDesk().names.catalogue.value;
  return catalogue && <BulletinForm {...props} catalogue={catalogue} />;
}

function BulletinForm(props: EditorProps & { catalogue: Catalogue }) {
  const { bulletin, catalogue, onSaved, onCancel } = props;
  const { api, drafts } = useDesk();
  const districts = catalogue.districts.map((each) => each.code);
  // That of the version that it began with: the page may have read a newer one since.
  const [draft] = useState(`bulletin:${bulletin ? `${bulletin.id}:${bulletin.version}` : 'new'}`);
  const [form, setForm] = useState<Written>(
    () => kept(drafts.get(draft)) ?? written(bulletin, firstChannel(catalogue), districts),
  );
  const [files, setFiles] = useState<File[]>([]);
  const [found, setFound] = useState<Mistake[]>([]);
  const saving = useSaving(api, bulletin, districts, (id) => {
    drafts.set(draft, '');
    onSaved(id);
  });
  const blobs = useBlobs(files);
  const write = (change: Partial<Written>) => {
    const next = { ...form, ...change };
    setForm(next);
    drafts.set(draft, JSON.stringify(next));
  };

  const { base, stale, failed } = saving;
  const channel = catalogue.channels.find((each) => each.code === form.channel);
  // A correction needs no open channel; a draft and a renewal do.
  const isClosed = channel?.state !== 'active' && base?.state !== 'published';
  const needsConsent = channel?.guardian_consent ?? false;
  const mistakes = stillIn(form, needsConsent, found);
  const submit = () => {
    const wrong = mistakesIn(form, needsConsent);
    setFound(wrong);
    if (wrong.length === 0 && !isClosed) void saving.save(form, files);
  };
  const cancel = () => {
    drafts.set(draft, '');
    onCancel();
  };
  const t = text().editor;
  const pictures = base ? shownPictures(base) : [];
  return (
    <div class="editor">
      <Form onSubmit={submit} aria-labelledby="editor">
        <h1 id="editor">{base ? t.editTitle : t.newTitle}</h1>
        <p>{base?.published_version ? t.correction : t.whoSees}</p>
        {base?.declined && <Declined declined={base.declined} />}
        <ErrorSummary errors={mistakeLines(mistakes)} />
        {stale && base && stale.version !== base.version && (
          <Since
            intro={t.stale(base.version)}
            changes={changesBetween(currentVersion(stale), currentVersion(base))}
            bulletin={base}
          />
        )}
        <ContentFields
          catalogue={catalogue}
          form={form}
          write={write}
          mistakes={mistakes}
          channelError={isClosed && channel ? t.channelClosed(channel.label, channel.state_label) : null}
          hasPoint={hasPoint(base)}
        />
        <PictureFields
          bulletin={base}
          shown={form.media}
          onShow={(media) => write({ media })}
          files={files}
          onFiles={setFiles}
        />
        <Refusal failure={saving.step.failure} />
        <Status>{saving.uploading && t.uploading(saving.uploading)}</Status>
        {failed ? (
          <>
            <Status kind="warning">{sentences(...failed.names.map((name) => t.notUploaded(name)))}</Status>
            <Button kind="primary" onClick={() => saving.leave(failed.id)}>
              {t.leave}
            </Button>
          </>
        ) : (
          <FormEnd
            submit={saveLabel(base, stale)}
            busy={saving.step.busy}
            onCancel={cancel}
            isApart
          />
        )}
      </Form>
      {/* It may scroll by itself, also for whoever has keys alone. */}
      <section class="editor__preview" aria-labelledby="preview" tabIndex={0}>
        <h2 id="preview">{t.preview}</h2>
        <p class="muted">{text().asResidentsSee}</p>
        <Preview
          version={previewOf(form, base, districts)}
          pictures={[...pictures.filter((each) => form.media.includes(each.id)), ...blobs]}
        />
      </section>
    </div>
  );
}

function saveLabel(base: Bulletin | null, stale: Bulletin | null): string {
  const t = text().editor;
  if (base === null) return t.saveNew;
  return stale && stale.version !== base.version ? t.saveOnTop(base.version) : t.save;
}

function firstChannel(catalogue: Catalogue): string {
  return catalogue.channels.find((channel) => channel.state === 'active')?.code ?? '';
}

function hasPoint(bulletin: Bulletin | null): boolean {
  const area = bulletin?.area;
  return typeof area === 'object' && area !== null && Boolean(area.geohash);
}

/** Return what was kept of a form that was left. It was written by this page, so it is whole. */
function kept(draft: string): Written | null {
  return draft ? (JSON.parse(draft) as Written) : null;
}

export interface PictureFieldsProps {
  bulletin: Bulletin | null;
  /** The ids of the pictures that the bulletin shows, in their order. */
  shown: readonly string[];
  onShow: (shown: string[]) => void;
  files: readonly File[];
  onFiles: (files: File[]) => void;
}

/** The pictures of a bulletin: which of them it shows, and new ones. */
export function PictureFields({ bulletin, shown, onShow, files, onFiles }: PictureFieldsProps) {
  const t = text().editor;
  return (
    <>
      {bulletin && bulletin.media.length > 0 && (
        <fieldset class="choices">
          <legend class="field__label">{t.pictures}</legend>
          {bulletin.media.map((picture, index) => (
            <div class="choices__one picture" key={picture.media_id}>
              {picture.thumbnail_url && <img class="picture__small" src={picture.thumbnail_url} alt="" />}
              <label class="choice">
                <input
                  type="checkbox"
                  checked={shown.includes(picture.media_id)}
                  onChange={(event) =>
                    onShow(
                      event.currentTarget.checked
                        ? [...shown, picture.media_id]
                        : shown.filter((id) => id !== picture.media_id),
                    )
                  }
                />
                <span>
                  {t.show(index + 1)}{' '}
                  {picture.state !== 'ready' && (
                    <span class="muted">
                      ({picture.reason_text ?? text().pictureStates[picture.state]})
                    </span>
                  )}
                </span>
              </label>
            </div>
          ))}
        </fieldset>
      )}
      <Field id="pictures" label={t.addPictures} hint={t.picturesHint} optional>
        {(control) => (
          <input
            {...control}
            type="file"
            accept={PICTURES.join(',')}
            multiple
            onChange={(event) => onFiles([...(event.currentTarget.files ?? [])])}
          />
        )}
      </Field>
      {files.length > 0 && <p role="status">{t.chosen(files.length)}</p>}
    </>
  );
}

/** Return files as pictures of a preview, from the memory of this page. */
export function useBlobs(files: readonly File[]): Shown[] {
  const [blobs, setBlobs] = useState<Shown[]>([]);
  useEffect(() => {
    const made = files.map((file) => ({
      id: `file:${file.name}`,
      url: URL.createObjectURL(file),
      state: 'unsaved',
    }));
    setBlobs(made);
    return () => {
      for (const { url } of made) URL.revokeObjectURL(url);
    };
  }, [files]);
  return blobs;
}
