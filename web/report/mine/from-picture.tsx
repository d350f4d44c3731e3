/** Reads a receipt out of its saved picture, where the browser reads QR codes: on a phone that has no other. */
import { useEffect, useState } from 'preact/hooks';

import { readReceipt, receiptFault } from '../../../sdk/receipt.ts';
import { FOLDER, Picker } from '../write/attachments.tsx';
import { mine } from './texts.ts';

/** What of the browser's Barcode Detection API is used. TypeScript does not know it. */
interface Detector {
  new (how: { formats: string[] }): {
    detect(picture: ImageBitmap): Promise<readonly { readonly rawValue: string }[]>;
  };
  getSupportedFormats(): Promise<readonly string[]>;
}

const FORMAT = 'qr_code';

/** The button, where it works. `onReceipt` gets the receipt in its canonical form; null if there is none. */
export function FromPicture({ onReceipt }: { onReceipt: (receipt: string | null) => void }) {
  const [detector, setDetector] = useState<{ readonly kind: Detector } | null>(null);
  useEffect(() => {
    const { BarcodeDetector: kind } = globalThis as { BarcodeDetector?: Detector };
    void kind
      ?.getSupportedFormats()
      .then((formats) => formats.includes(FORMAT) && setDetector({ kind }))
      .catch(() => undefined);
  }, []);
  if (!detector) return null;
  const read = async ([picture]: readonly File[]): Promise<void> => {
    if (!picture) return;
    const codes = await createImageBitmap(picture)
      .then((drawn) => new detector.kind({ formats: [FORMAT] }).detect(drawn))
      .catch(() => []);
    const found = codes.map(({ rawValue }) => readReceipt(rawValue));
    onReceipt(found.find((one) => receiptFault(one) === null) ?? null);
  };
  return (
    <div class="apart">
      <Picker label={mine().fromPicture} sign={FOLDER} accept="image/*" onChoose={(files) => void read(files)} />
    </div>
  );
}
