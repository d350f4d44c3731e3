import fc from 'fast-check';
import { expect, test } from 'vitest';

import { cut } from './cut.ts';

const NOTHING = { place: false, time: false };
const MAGIC = [
  'ffd8ff',
  '89504e470d0a1a0a',
  '524946460000000057454250',
  '2321414d520a',
  '00000010667479706d703432000000006d6f6f76',
  '0000001066747970686569630000000000',
];
const KINDS = [
  ...['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd', 'stsz', 'stsc', 'stco', 'hdlr', 'mvhd'],
  ...['meta', 'iinf', 'infe', 'iloc', 'iprp', 'ipco', 'idat', 'udta', 'ilst', 'keys', 'mdat'],
  ...['moof', 'traf', 'dref', 'dinf', 'uuid', 'free'],
];

function hex(text: string): number[] {
  return (text.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
}

function box(kind: string, ...content: number[][]): number[] {
  const body = content.flat();
  return [...numbers(body.length + 8), ...latin(kind), ...body];
}

function full(kind: string, ...content: number[][]): number[] {
  return box(kind, [0, 0, 0, 0], ...content);
}

function numbers(...all: number[]): number[] {
  return all.flatMap((each) => [each >>> 24, (each >>> 16) & 255, (each >>> 8) & 255, each & 255]);
}

function latin(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

const randomBox = fc.letrec<{ box: number[] }>((tie) => ({
  box: fc
    .tuple(
      fc.constantFrom(...KINDS),
      fc.oneof(
        { depthSize: 'small' },
        fc.uint8Array({ maxLength: 40 }).map((bytes) => [...bytes]),
        fc.tuple(fc.constantFrom([], [0, 0, 0, 0]), fc.array(tie('box'), { maxLength: 4 })).map(
          ([start, boxes]) => [...start, ...boxes.flat()],
        ),
      ),
    )
    .map(([kind, content]) => box(kind, content)),
})).box;

test('bytes of any kind are cut without a fault', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...MAGIC),
      fc.uint8Array({ maxLength: 300 }),
      async (magic, bytes) => {
        const file = new File([Uint8Array.from([...hex(magic), ...bytes])], 'a.jpg');
        expect((await cut(file, NOTHING)).blob.size).toBeLessThanOrEqual(file.size + 64);
      },
    ),
    { numRuns: 500 },
  );
});

test('boxes of any kind, within each other, are cut without a fault', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('isom', 'heic', 'qt  '),
      fc.array(randomBox, { maxLength: 5 }),
      fc.boolean(),
      async (brand, boxes, keep) => {
        const bytes = [...box('ftyp', latin(brand), [0, 0, 0, 0]), ...boxes.flat()];
        const file = new File([Uint8Array.from(bytes)], 'a.mp4');
        const { blob } = await cut(file, { place: keep, time: keep });
        expect(blob.size).toBeLessThanOrEqual(file.size);
      },
    ),
    { numRuns: 500 },
  );
});

/** Counts what is read of it. */
class CountedFile extends File {
  read = 0;

  override slice(...range: [number?, number?, string?]): Blob {
    const slice = super.slice(...range);
    const arrayBuffer = slice.arrayBuffer.bind(slice);
    slice.arrayBuffer = async () => {
      this.read += slice.size;
      return await arrayBuffer();
    };
    return slice;
  }
}

test('a video is never read into memory', async () => {
  const size = 100 << 20;
  const table = box(
    'stbl',
    full('stsz', numbers(1 << 20, 50)),
    full('stsc', numbers(1, 1, 50, 1)),
    full('stco', numbers(1, 24)),
  );
  const track = box('trak', box('mdia', full('hdlr', numbers(0), latin('vide')), box('minf', table)));
  const file = new CountedFile(
    [
      Uint8Array.from([...box('ftyp', latin('isom'), numbers(0)), ...numbers(size + 8), ...latin('mdat')]),
      new Uint8Array(size).fill(7),
      Uint8Array.from(box('moov', track)),
    ],
    'video.mp4',
  );
  const { blob, known } = await cut(file, NOTHING);
  expect(known).toBe(true);
  expect(blob.size).toBe(file.size);
  expect(file.read).toBeLessThan(1000);
  // The second half belongs to no track.
  const middle = 24 + (50 << 20);
  const edge = new Uint8Array(await blob.slice(middle - 2, middle + 2).arrayBuffer());
  expect([...edge]).toEqual([7, 7, 0, 0]);
});

test('a file that the phone has lost is said to be unreadable', async () => {
  const gone = new File(['x'], 'a.jpg');
  gone.slice = () => {
    const slice = new Blob();
    slice.arrayBuffer = () => Promise.reject(new DOMException('', 'NotFoundError'));
    return slice;
  };
  await expect(cut(gone, NOTHING)).rejects.toMatchObject({ name: 'Unreadable' });
});

const short = (value: number) => [value & 255, value >> 8];
const long = (value: number) => [value & 255, value >> 8, 0, 0];

/** A field of Exif, and a list of them, the least significant byte first. */
function field(tag: number, type: number, count: number, value: number[]): number[] {
  return [short(tag), short(type), long(count), value].flat();
}

function list(...fields: number[][]): number[] {
  return [...short(fields.length), ...fields.flat(), ...long(0)];
}

function segment(marker: number, content: number[]): number[] {
  return [0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255, ...content];
}

function jpeg(...segments: number[][]): File {
  return new File([Uint8Array.from([0xff, 0xd8, ...segments.flat(), ...hex('ffda0002ffd9')])], 'a.jpg');
}

test('what a photo says of its place and time is known before anybody sends it', async () => {
  const degrees = (...parts: number[]) => parts.flatMap((part) => [...long(part), ...long(1)]);
  // Offsets: the main list 8, Exif 38, GPS 56, then the values.
  const [exifAt, gpsAt, timeAt, latAt, lonAt] = [38, 56, 110, 130, 154];
  const tiff = [
    ...latin('II*\0'),
    ...long(8),
    ...list(field(0x8769, 4, 1, long(exifAt)), field(0x8825, 4, 1, long(gpsAt))),
    ...list(field(0x9003, 2, 20, long(timeAt))),
    ...list(
      field(1, 2, 2, latin('S\0\0\0')),
      field(2, 5, 3, long(latAt)),
      field(3, 2, 2, latin('E\0\0\0')),
      field(4, 5, 3, long(lonAt)),
    ),
    ...latin('2026:11:29 14:05:09\0'),
    ...degrees(33, 30, 36),
    ...degrees(116, 26, 0),
  ];
  const photo = jpeg(segment(0xe1, [...latin('Exif\0\0'), ...tiff]));
  const { said, removed } = await cut(photo, NOTHING);
  expect(said).toEqual({ time: '2026-11-29 14:05', place: '-33.5100, 116.4333' });
  expect(removed).toEqual(['place', 'time']);
});

test('what a photo says of its phone and its owner is known, and that it is signed', async () => {
  const texts = [
    [0x010f, 'Maker\0'],
    [0x0110, 'Model\u0001 7\0'],
    [0x0131, '     \0'],
    [0x013b, 'Li \xe9.\0'],
    [0x927c, 'nobody knows'],
    [0xa431, 'SERIAL-1\0'],
  ] as const;
  const start = 8 + 2 + texts.length * 12 + 4;
  const fields = texts.map(([tag, { length }], at) => {
    const before = texts.slice(0, at).reduce((sum, [, text]) => sum + text.length, start);
    return field(tag, 2, length, long(before));
  });
  const words = texts.flatMap(([, text]) => [...latin(text)]);
  const exif = segment(0xe1, [...latin('Exif\0\0II*\0'), ...long(8), ...list(...fields), ...words]);
  const jumbf = (label: string) => segment(0xeb, [...latin('JP'), ...numbers(1), ...latin(`jumb${label}`)]);
  const { said, removed, blob } = await cut(jpeg(exif, jumbf('c2pa')), NOTHING);
  expect(said).toEqual({ maker: 'Maker', model: 'Model  7', owner: 'Li \ufffd.', serial: 'SERIAL-1' });
  expect(removed).toEqual(['device', 'notes', 'text', 'signature']);
  expect(await blob.text()).not.toContain('c2pa');
  expect((await cut(jpeg(jumbf('else')), NOTHING)).removed).toEqual(['other']);

  const id = hex('d8fec3d61b0e483c92975828877ec481');
  const video = [...box('ftyp', latin('isom'), numbers(0)), ...box('uuid', id, latin('c2pa'))];
  expect((await cut(new File([Uint8Array.from(video)], 'a.mp4'), NOTHING)).removed).toEqual(['signature']);
});

test('a sound that is not cut is declared by its ending, and not as known', async () => {
  for (const [name, type] of [['a.MP3', 'audio/mpeg'], ['a.webm', 'audio/webm'], ['a.opus', 'audio/ogg']]) {
    const sound = new File(['sound'], name!, { type: 'video/webm' });
    expect(await cut(sound, NOTHING)).toMatchObject({ blob: sound, type, known: false });
  }
});
