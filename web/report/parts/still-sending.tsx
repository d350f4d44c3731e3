import { Status } from '../../shared/components/status.tsx';
import { texts } from '../../shared/language.ts';
import type { Entry } from '../../../sdk/outbox/types.ts';
import { isHeldUp, isKept } from '../service.ts';
import './still-sending.css';

/** How many files of some entries are still to be sent, and how much of all their bytes has arrived. */
export function stillSending(entries: readonly Entry[]): {
  left: number;
  /** Of how many of these a reduced picture has arrived. */
  seen: number;
  percent: number;
} {
  const files = entries.flatMap((entry) => entry.files).filter(({ state }) => state !== 'refused');
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const sent = files.reduce((sum, file) => sum + (file.state === 'sent' ? file.size : file.sent), 0);
  const left = files.filter(({ state }) => state !== 'sent');
  return {
    left: left.length,
    seen: left.filter(({ seen }) => seen).length,
    percent: Math.floor((sent / Math.max(1, size)) * 100),
  };
}

/** Return what lets the files go on that some entries still have to send. */
export function howToGoOn(entries: readonly Entry[]): string {
  const words = text();
  if (!entries.every(isHeldUp)) return words.keep;
  return entries.every(isKept) ? words.goesOn : words.keepGoesOn;
}

/** Said at the top, as long as it holds: files are on their way, or wait; only an open page sends them. */
export function StillSending({ entries }: { entries: readonly Entry[] }) {
  const { left, seen, percent } = stillSending(entries);
  const words = text();
  const unsent = entries.filter((entry) => stillSending([entry]).left > 0);
  const said = unsent.every(isHeldUp) ? words.heldUp(left) : words.left(left);
  return (
    <Status kind="warning">
      {left > 0 && (
        <>
          <p>
            <strong>{said}</strong> {howToGoOn(unsent)}
          </p>
          {seen > 0 && <p>{words.seen(seen)}</p>}
          <div class="still">
            <progress class="still__bar" max={100} value={percent} aria-label={words.how} />
            {/* The bar says it to readers when they ask, not at each step. */}
            <span aria-hidden="true">{words.percent(percent)}</span>
          </div>
        </>
      )}
    </Status>
  );
}

const en = {
  left: (count: number) => (count === 1 ? '1 file is still being sent.' : `${count} files are still being sent.`),
  heldUp: (count: number) => (count === 1 ? '1 file is not sent yet.' : `${count} files are not sent yet.`),
  seen: (count: number) =>
    count === 1
      ? 'Officers can see your photo already; the full one is on its way.'
      : `Officers can see ${count} photos already; the full ones are on their way.`,
  keep: 'Keep this page open.',
  goesOn: 'As soon as the service can be reached and this page is open, it goes on by itself.',
  keepGoesOn: 'Keep this page open: as soon as the service can be reached, it goes on by itself.',
  how: 'Sent of all files',
  percent: (percent: number) => `${percent} %`,
};

const zh: typeof en = {
  left: (count: number) => `还有 ${count} 个文件正在发送。`,
  heldUp: (count: number) => `还有 ${count} 个文件没有发送。`,
  seen: (count: number) =>
    count === 1 ? '民警已经能看到您的照片，原图正在发送。' : `民警已经能看到 ${count} 张照片，原图正在发送。`,
  keep: '请不要关闭本页。',
  goesOn: '只要打开本页并能连上服务，就会自动继续发送。',
  keepGoesOn: '请不要关闭本页，能连上服务时会自动继续发送。',
  how: '所有文件的发送进度',
  percent: (percent: number) => `${percent}%`,
};

const text = texts({ en, zh });
