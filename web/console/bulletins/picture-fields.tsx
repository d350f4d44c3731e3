import { useEffect, useState } from 'preact/hooks';
import { Field } from '../../shared/components/field.tsx';
import type { Bulletin } from './changes.ts';
import type { Shown } from './preview.tsx';
import { text } from './texts.ts';
import { ACCEPTED } from './upload.ts';

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
            accept={ACCEPTED}
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
