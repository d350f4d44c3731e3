import { fileName } from '../attachment.ts';
import type { Entry, EntryFile } from '../../../sdk/outbox/types.ts';
import { sent } from './texts.ts';
import './files.css';

/** How far each file has come. */
export function Files({ entry }: { entry: Entry }) {
  const text = sent();
  if (entry.files.length === 0) return null;
  return (
    <section aria-labelledby="files">
      <h2 id="files">{text.files}</h2>
      <ul class="plain">
        {entry.files.map((file, at) => (
          <li key={`${at}`} class="progress-line">
            <span id={`file-${at}`}>{fileName(file, at + 1)}</span>
            <progress
              class="progress"
              max={Math.max(1, file.size)}
              value={file.state === 'sent' ? file.size : file.sent}
              aria-labelledby={`file-${at}`}
            />
            <span class="progress-line__state">{stateOf(file)}</span>
            {file.problem && (
              <p class="field__error">
                {file.problem.detail ?? file.problem.title ?? text.lost}
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function stateOf(file: EntryFile): string {
  const text = sent();
  switch (file.state) {
    case 'waiting':
      return text.fileWaiting;
    case 'uploading':
      return text.fileSending(Math.floor((file.sent / Math.max(1, file.size)) * 100));
    case 'sent':
      return text.fileSent;
    case 'refused':
      return text.fileRefused;
  }
}
