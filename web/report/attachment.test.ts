import { expect, test } from 'vitest';

import { type Attachment, fileFaults, kindOf, showSize, underOneName } from './attachment.ts';
import type { Limits } from './form.ts';

const LIMITS = {
  media_per_report: 2,
  media: [
    { content_type: 'image/jpeg', kind: 'image', max_bytes: 100 },
    { content_type: 'video/mp4', kind: 'video', max_bytes: 500 },
  ],
} as unknown as Limits;

const chosen = (file: File, part: Partial<Attachment> = {}): Attachment => ({
  id: 1,
  file,
  look: 'known',
  type: null,
  removed: [],
  agreed: false,
  ...part,
});
const of = (bytes: number, name: string, type = ''): File => new File([new Uint8Array(bytes)], name, { type });

test('a WAV has one name, whatever the browser calls it', () => {
  const wav = underOneName(of(3, 'a.wav', 'audio/x-wav'));
  expect([wav.type, wav.name, wav.size]).toEqual(['audio/wav', 'a.wav', 3]);
  const photo = of(1, 'a.jpg', 'image/jpeg');
  expect(underOneName(photo)).toBe(photo);
});

test('a file is what its type says, or else its name', () => {
  expect(kindOf(of(1, 'a', 'image/jpeg'))).toBe('image');
  expect(kindOf(of(1, 'IMG_1.HEIC'))).toBe('image');
  expect(kindOf(of(1, 'sound.amr'))).toBe('audio');
  expect(kindOf(of(1, 'letter.pdf', 'application/pdf'))).toBeNull();
});

test('a file may be as large as its kind', () => {
  expect(fileFaults([chosen(of(100, 'a.jpg'))], LIMITS)).toEqual([]);
  expect(fileFaults([chosen(of(101, 'a.jpg'))], LIMITS)).toEqual([{ id: 1, fault: 'large', most: 100 }]);
  expect(fileFaults([chosen(of(101, 'a.mp4'))], LIMITS)).toEqual([]);
  expect(fileFaults([chosen(of(0, 'a.jpg'))], LIMITS)).toEqual([{ id: 1, fault: 'empty' }]);
});

test('a file of unknown structure is sent only after a yes', () => {
  const file = of(10, 'a.jpg');
  expect(fileFaults([chosen(file, { look: 'unknown' })], LIMITS)).toEqual([
    { id: 1, fault: 'unknownMust' },
  ]);
  expect(fileFaults([chosen(file, { look: 'unknown', agreed: true })], LIMITS)).toEqual([]);
});

test('a file of a kind that the service does not take is never asked about', () => {
  const letter = chosen(of(10, 'a.pdf'), { look: 'unknown', type: 'application/pdf' });
  expect(fileFaults([letter], LIMITS)).toEqual([{ id: 1, fault: 'kind' }]);
  const gone = chosen(of(10, 'a.jpg'), { look: 'unreadable' });
  expect(fileFaults([gone], LIMITS)).toEqual([{ id: 1, fault: 'unreadable' }]);
});

test('a size is shown as people read it', () => {
  expect(showSize(0)).toBe('0\u00a0KB');
  expect(showSize(500)).toBe('1\u00a0KB');
  expect(showSize(2_600_000)).toBe('2.5\u00a0MB');
  expect(showSize(500 << 20)).toBe('500\u00a0MB');
});

test('files that are more than a report can still have are named', () => {
  const files = [1, 2, 3].map((id) => ({ ...chosen(of(10, 'a.jpg')), id }));
  expect(fileFaults(files, LIMITS)).toEqual([{ id: 3, fault: 'many' }]);
  expect(fileFaults(files, LIMITS, 1).map(({ id }) => id)).toEqual([2, 3]);
});
