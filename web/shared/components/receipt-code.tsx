import { useCopied } from '../copied.ts';
import { colon, texts } from '../language.ts';
import { showReceipt } from '../../../sdk/receipt.ts';
import { Button } from './button.tsx';
import './receipt-code.css';

/** A receipt as it is easiest to write down or read out, and a button that copies it. */
export function ReceiptCode({ receipt }: { receipt: string }) {
  const t = text();
  const [copied, copy] = useCopied(receipt);
  return (
    <>
      <p class="receipt__code" translate={false}>
        <span class="hidden-visually">
          {t.receipt}
          {colon()}
        </span>
        <code>{showReceipt(receipt)}</code>
      </p>
      <div class="row">
        <Button onClick={copy}>{t.copy}</Button>
        <span role="status">
          {copied === 'yes' && t.copied}
          {copied === 'no' && t.copyFailed}
        </span>
      </div>
    </>
  );
}

const text = texts({
  en: {
    receipt: 'Receipt',
    copy: 'Copy',
    copied: 'Copied. This device holds it until you copy something else.',
    copyFailed: 'Copying does not work here. Write the code down.',
  },
  zh: {
    receipt: '回执',
    copy: '复制',
    copied: '已复制。在您复制其他内容之前，这台设备上一直留有它。',
    copyFailed: '这里无法复制，请抄写下来。',
  },
});
