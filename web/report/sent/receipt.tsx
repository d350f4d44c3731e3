import { generate } from 'lean-qr';
import { toSvgPath } from 'lean-qr/extras/svg';
import { useMemo } from 'preact/hooks';
import city from 'virtual:city';

import { Button } from '../../shared/components/button.tsx';
import { ReceiptCode } from '../../shared/components/receipt-code.tsx';
import { Status } from '../../shared/components/status.tsx';
import { labelled, language, useSaid } from '../../shared/language.ts';
import { download } from '../download.ts';
import { type Code, MARGIN, pictureOf } from './picture.ts';
import { sent } from './texts.ts';

/** The receipt, and the ways to keep it: as text, as a picture, on paper, and on another phone. */
export function Receipt({ receipt, reference }: { receipt: string; reference: string }) {
  const text = sent();
  const [saved, setSaved] = useSaid('');
  // Behind the sign "#": a browser sends no part of it to any server.
  const address = `${location.origin}/#receipt=${receipt}`;
  const code = useMemo(() => {
    const made = generate(address);
    return { size: made.size, path: toSvgPath(made) };
  }, [address]);
  const whose = `${city.police[language.value]} · ${city.service[language.value]}`;
  const save = async (): Promise<void> => {
    const lines = [whose, labelled(text.reference, reference), location.origin, text.again];
    const picture = await pictureOf(text.pictureTitle, receipt, lines, code);
    if (picture) download(`${text.pictureTitle.toLowerCase()}.png`, picture);
    setSaved(() => (picture ? sent().pictureSaved : sent().pictureFailed));
  };
  return (
    <section class="receipt" aria-labelledby="receipt-title">
      <h2 id="receipt-title">{text.receiptTitle}</h2>
      <p>{text.receiptText}</p>
      <ReceiptCode receipt={receipt} />
      <div class="row no-print">
        <Button onClick={save}>{text.picture}</Button>
        <Button onClick={() => print()}>{text.print}</Button>
      </div>
      <Status>{saved && <p>{saved}</p>}</Status>
      <Square code={code} label={text.qr} />
      <p class="muted no-print">{text.qrHint}</p>
      <p>{text.again}</p>
      <p class="print-only">
        {whose} · {location.origin}
      </p>
    </section>
  );
}

/** A QR code as a shape. */
function Square({ code: { size, path }, label }: { code: Code; label: string }) {
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
