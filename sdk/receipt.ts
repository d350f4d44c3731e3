/** A receipt as people type it and as it is shown: 26 letters and digits of Crockford's base 32. */
export const RECEIPT_LENGTH = 26;

const READ_AS: Readonly<Record<string, string>> = { I: '1', L: '1', O: '0' };
const WRONG = /[^0-9A-HJKMNP-TV-Z]/;
// The address in a QR code, pasted.
const ADDRESS = /^.*#RECEIPT=/s;
// What a receipt is called, pasted with it: "Receipt: ", "My receipt (secret): ", "回执：". No receipt
// begins so: none has an I.
const LABEL = /^[^\p{N}]*?(?:RECEIPT|回执)(?:[^\p{N}:]*:)?/u;

/** Return a typed receipt in its canonical form: capitals, without its label and what stands between. */
export function readReceipt(typed: string): string {
  return typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(ADDRESS, '')
    .replace(LABEL, '')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/[ILO]/g, (letter) => READ_AS[letter] ?? letter);
}

/** Return what is wrong with a receipt in its canonical form, or null. */
export function receiptFault(receipt: string): 'letters' | 'length' | null {
  if (WRONG.test(receipt)) return 'letters';
  return receipt.length === RECEIPT_LENGTH ? null : 'length';
}

/** Return a receipt in groups of at most four, as it is easiest to write down. */
export function showReceipt(receipt: string): string {
  return receipt.replace(/(.{4})(?=.)/g, '$1 ');
}
