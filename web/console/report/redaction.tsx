/** Mark what nobody but officers is to see of a picture. */

import { useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { useSaid } from '../../shared/language.ts';
import { type Outcome, outcomeOf } from '../calls.ts';
import { useDesk } from '../desk.ts';
import { Icon } from '../frame/icon.tsx';
import type { Medium, Region } from '../types.ts';
import type { OpenReport } from './open-report.ts';
import { reportTexts } from './texts.ts';

interface RedactionProps {
  open: OpenReport;
  medium: Medium;
  onClose: () => void;
}

export function Redaction({ open, medium, onClose }: RedactionProps) {
  const t = reportTexts();
  const { api } = useDesk();
  const [regions, setRegions] = useState<Region[]>(medium.redaction?.regions ?? []);
  const [problem, setProblem] = useSaid('');
  const [busy, setBusy] = useState(false);
  const params = { path: { report_id: open.id, media_id: medium.media_id } };
  const path = '/v1/officer/reports/{report_id}/media/{media_id}/redaction' as const;
  const settle = async (call: Promise<Outcome<unknown>>) => {
    setBusy(true);
    const outcome = await call;
    setBusy(false);
    if (!outcome.ok) return setProblem(outcome.failure.text);
    onClose();
    await open.load();
  };
  const redact = () => {
    if (regions.length === 0) return setProblem(t.redaction.empty);
    void settle(outcomeOf(api.POST(path, { params, body: { regions } })));
  };
  const add = (region: Region) => {
    setRegions([...regions, region].slice(0, MOST_REGIONS));
    setProblem('');
  };
  return (
    <>
      <p>{t.redaction.hint}</p>
      {medium.content_type.startsWith('video/') && <p class="report__note">{t.redaction.video}</p>}
      <Canvas url={medium.preview_url ?? ''} regions={regions} add={add} />
      <Sides regions={regions} change={setRegions} />
      <Status kind="error">{problem}</Status>
      <div class="row">
        <Button kind="primary" busy={busy} onClick={redact}>
          {t.redaction.submit}
        </Button>
        <Button onClick={() => add({ x: 0.4, y: 0.4, width: 0.2, height: 0.2 })}>
          {t.redaction.add}
        </Button>
        {medium.redaction && (
          <Button onClick={() => void settle(outcomeOf(api.DELETE(path, { params })))}>
            {t.redaction.clear}
          </Button>
        )}
        <Button onClick={onClose}>{t.redaction.cancel}</Button>
      </div>
    </>
  );
}

interface CanvasProps {
  url: string;
  regions: Region[];
  add: (region: Region) => void;
}

/** The picture: drawn on with mouse, pen or finger. */
function Canvas({ url, regions, add }: CanvasProps) {
  const t = reportTexts();
  const from = useRef<{ x: number; y: number } | null>(null);
  const [drawn, setDrawn] = useState<Region | null>(null);
  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return {
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
    };
  };
  const down = (event: PointerEvent) => {
    from.current = at(event);
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    if (from.current) setDrawn(regionBetween(from.current, at(event)));
  };
  const up = () => {
    from.current = null;
    if (drawn) add(drawn);
    setDrawn(null);
  };
  return (
    <div class="redaction" onPointerDown={down} onPointerMove={move} onPointerUp={up}>
      <img src={url} alt={t.redaction.canvas} draggable={false} />
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        {[...regions, ...(drawn ? [drawn] : [])].map((region, index) => (
          <rect key={index} {...region} />
        ))}
      </svg>
    </div>
  );
}

/** The same regions as numbers: for the keyboard, and to correct one. */
function Sides({ regions, change }: { regions: Region[]; change: (regions: Region[]) => void }) {
  const t = reportTexts();
  const sides: [keyof Region, string][] = [
    ['x', t.redaction.left],
    ['y', t.redaction.top],
    ['width', t.redaction.width],
    ['height', t.redaction.height],
  ];
  return (
    <>
      {regions.map((region, index) => (
        <fieldset key={index} class="region">
          <legend>{t.redaction.region(index + 1)}</legend>
          {sides.map(([side, label]) => (
            <label key={side}>
              {label}{' '}
              <input
                class="field__control"
                type="number"
                min={0}
                max={100}
                step={0.5}
                value={Math.round(region[side] * 1000) / 10}
                onChange={(event) => {
                  const value = event.currentTarget.valueAsNumber / 100;
                  change(regions.map((r, i) => (i === index ? withSide(r, side, value) : r)));
                }}
              />
            </label>
          ))}
          <Button
            aria-label={t.redaction.remove(index + 1)}
            onClick={() => change(regions.filter((_, i) => i !== index))}
          >
            <Icon name="close" />
          </Button>
        </fieldset>
      ))}
    </>
  );
}

/** Regions of a picture, in fractions from 0 to 1 of its width and height. */
export const MOST_REGIONS = 50;
// Smaller than that is a slip of the hand.
const LEAST = 0.005;

/** Return the region between two corners, inside the picture; null if it is too small to be meant. */
export function regionBetween(
  from: { x: number; y: number },
  to: { x: number; y: number },
): Region | null {
  const [left, right] = [inside(Math.min(from.x, to.x)), inside(Math.max(from.x, to.x))];
  const [top, bottom] = [inside(Math.min(from.y, to.y)), inside(Math.max(from.y, to.y))];
  const region = { x: left, y: top, width: right - left, height: bottom - top };
  return region.width < LEAST || region.height < LEAST ? null : rounded(region);
}

/** Return a region with one side changed, kept inside the picture. */
export function withSide(region: Region, side: keyof Region, value: number): Region {
  const next = { ...region, [side]: inside(Number.isFinite(value) ? value : 0) };
  const x = Math.min(next.x, 1 - LEAST);
  const y = Math.min(next.y, 1 - LEAST);
  return rounded({
    x,
    y,
    width: Math.min(Math.max(next.width, LEAST), 1 - x),
    height: Math.min(Math.max(next.height, LEAST), 1 - y),
  });
}

function inside(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** Round down to four digits, so that left and width never come to more than 1. */
function rounded({ x, y, width, height }: Region): Region {
  const round = (value: number) => Math.floor(value * 10_000 + 1e-6) / 10_000;
  return { x: round(x), y: round(y), width: round(width), height: round(height) };
}
