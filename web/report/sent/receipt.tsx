import { generate } from 'lean-qr';
import { toSvgPath } from 'lean-qr/extras/svg';
import { useMemo } from 'preact/hooks';

import { ReceiptCode } from '../../shared/components/receipt-code.tsx';
import { sent } from './texts.ts';

// The quiet zone that readers need around a code.
const MARGIN = 4;

/** The receipt as text and as a code for another phone's camera. */
export function Receipt({ receipt }: { receipt: string }) {
  const text = sent();
  return (
    <section class="receipt" aria-labelledby="receipt-title">
      <h2 id="receipt-title">{text.receiptTitle}</h2>
      <p>{text.receiptText}</p>
      <ReceiptCode receipt={receipt} />
      <Code value={receipt} label={text.qr} />
      <p class="muted">{text.qrHint}</p>
    </section>
  );
}

/** A QR code as a shape: no canvas, no address. */
function Code({ value, label }: { value: string; label: string }) {
  const { size, path } = useMemo(() => {
    const code = generate(value);
    return { size: code.size, path: toSvgPath(code) };
  }, [value]);
  const width = size + 2 * MARGIN;
  return (
    <svg
      class="qr"
      viewBox={`${-MARGIN} ${-MARGIN} ${width} ${width}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect class="qr__paper" x={-MARGIN} y={-MARGIN} width={width} height={width} />
      <path class="qr__ink" d={path} />
    </svg>
  );
}
