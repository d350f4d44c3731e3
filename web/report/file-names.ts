/** What a file is called on each screen: by what it is, and its place among the others. */
import { texts } from '../shared/language.ts';
import { kindOf } from './attachment.ts';

const text = texts({
  en: { image: 'Photo', video: 'Video', audio: 'Recording', file: 'File' },
  zh: { image: '照片', video: '视频', audio: '录音', file: '文件' },
});

/** Return "Video 2"; of a file that is neither picture nor film nor sound, the name that it has. */
export function fileName(
  { type, name = '' }: { type: string; name?: string },
  number: number,
): string {
  const kind = kindOf({ type, name });
  return kind ? `${text()[kind]} ${number}` : name || `${text().file} ${number}`;
}
