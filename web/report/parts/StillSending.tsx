import { Status } from '../../shared/components/Status.tsx';
import { texts } from '../../shared/language.ts';
import type { Entry } from '../outbox/types.ts';
import './still-sending.css';

/** How many files of some entries are still to be sent, and how much of all their bytes has arrived. */
export function stillSending(entries: readonly Entry[]): { left: number; percent: number } {
  const files = entries.flatMap((entry) => entry.files).filter(({ state }) => state !== 'refused');
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const sent = files.reduce((sum, file) => sum + (file.state === 'sent' ? file.size : file.sent), 0);
  return {
    left: files.filter(({ state }) => state !== 'sent').length,
    percent: Math.floor((sent / Math.max(1, size)) * 100),
  };
}

/** Said at the top, as long as it holds: files are on their way, and go on only on an open page. */
export function StillSending({ entries }: { entries: readonly Entry[] }) {
  const { left, percent } = stillSending(entries);
  const words = text();
  return (
    <Status kind="warning">
      {left > 0 && (
        <>
          <p>
            <strong>{words.left(left)}</strong> {words.keep}
          </p>
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
  keep: 'Keep this page open.',
  how: 'Sent of all files',
  percent: (percent: number) => `${percent} %`,
};

const zh: typeof en = {
  left: (count: number) => `还有 ${count} 个文件正在发送。`,
  keep: '请不要关闭本页。',
  how: '所有文件的发送进度',
  percent: (percent: number) => `${percent}%`,
};

const text = texts({ en, zh });
