/** The receipt as a picture, to keep among others. */
import { showReceipt } from '../../../sdk/receipt.ts';

/** A QR code: how many squares wide it is, and those that are black, as the path of an SVG. */
export interface Code {
  readonly size: number;
  readonly path: string;
}

/** The quiet zone that readers need around a code, in squares. */
export const MARGIN = 4;

const WIDTH = 720;
const EDGE = 40;
const LINE = 44;
const INK = '#000000';
const PAPER = '#ffffff';

/** Return a PNG; null where the browser draws none, or falsifies what is drawn, as Tor Browser does. */
export async function pictureOf(
  title: string,
  receipt: string,
  lines: readonly string[],
  { size, path }: Code,
): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) return null;
  context.font = fontOf(28);
  const said = lines.flatMap((line) => broken(context, line));
  const side = WIDTH - 2 * EDGE;
  canvas.width = WIDTH;
  canvas.height = (said.length + 4) * LINE + side + 2 * EDGE;
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = INK;
  context.textBaseline = 'top';
  let top = EDGE;
  const write = (line: string, font: string): void => {
    context.font = font;
    context.fillText(line, EDGE, top, side);
    top += LINE;
  };
  write(title, fontOf(34, 'bold'));
  // In two lines, as it is easiest to copy.
  const groups = showReceipt(receipt).split(' ');
  const half = Math.ceil(groups.length / 2);
  for (const part of [groups.slice(0, half), groups.slice(half)]) {
    write(part.join(' '), 'bold 36px monospace');
  }
  for (const line of said) write(line, fontOf(28));
  const scale = side / (size + 2 * MARGIN);
  context.setTransform(scale, 0, 0, scale, EDGE + MARGIN * scale, top + MARGIN * scale);
  context.fill(new Path2D(path));
  // The first square of each code is black, and what is around it white.
  if (!isTrue(context, EDGE + (MARGIN + 0.5) * scale, top + (MARGIN + 0.5) * scale)) return null;
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

function fontOf(size: number, weight = 'normal'): string {
  return `${weight} ${size}px system-ui, sans-serif`;
}

/** Return a text in lines that find room. Chinese breaks anywhere. */
function broken(context: CanvasRenderingContext2D, text: string): readonly string[] {
  const lines = [''];
  for (const word of text.match(/[ -~]+?(?:\s|$)|./gu) ?? []) {
    const last = lines.length - 1;
    const longer = `${lines[last]}${word}`;
    if (context.measureText(longer).width <= WIDTH - 2 * EDGE) lines[last] = longer;
    else lines.push(word);
  }
  return lines;
}

function isTrue(context: CanvasRenderingContext2D, x: number, y: number): boolean {
  const [ink] = context.getImageData(Math.round(x), Math.round(y), 1, 1).data;
  const [paper] = context.getImageData(1, 1, 1, 1).data;
  return ink === 0 && paper === 255;
}
