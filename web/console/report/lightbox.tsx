import type { ComponentChildren, TargetedMouseEvent } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Icon } from '../frame/icon.tsx';
import { CoverButton } from '../parts/covered.tsx';
import type { Medium } from '../types.ts';
import { reportTexts } from './texts.ts';
import './media.css';

// How far an arrow key moves a picture that is larger than the screen, in pixels.
const STEP = 120;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface LightboxProps {
  pictures: readonly Picture[];
  /** The id of the one that is shown. */
  shown: string | null;
  show: (id: string) => void;
  /** Whether nothing of a picture is loaded before it is asked for. */
  isCovered?: (id: string) => boolean;
  uncover?: (id: string) => void;
  onClose: () => void;
  /** What else can be done with it. */
  children?: ComponentChildren;
}

/** A picture as large as the screen, or in its full size. The arrow keys go to the others, or move it. */
export function Lightbox(props: LightboxProps) {
  const { pictures, shown, show, isCovered, uncover, onClose, children } = props;
  const t = reportTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const view = useRef<HTMLDivElement>(null);
  const [isFull, setFull] = useState(false);
  const number = pictures.findIndex(({ id }) => id === shown);
  const picture = pictures[number];
  const isOpen = picture !== undefined;
  useEffect(() => {
    if (isOpen && !dialog.current?.open) dialog.current?.showModal();
    if (!isOpen && dialog.current?.open) dialog.current.close();
  }, [isOpen]);
  useLayoutEffect(() => setFull(false), [shown]);
  const turn = (by: 1 | -1) => {
    const next = pictures[number + by];
    if (next) show(next.id);
  };
  const pressed = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key];
    if (arrow === undefined) return;
    const [x, y] = arrow;
    if (isFull) {
      event.preventDefault();
      view.current?.scrollBy(x * STEP, y * STEP);
    } else if (x !== 0) turn(x > 0 ? 1 : -1);
  };
  const title = t.media.picture(number + 1, pictures.length);
  return (
    <dialog
      class="lightbox no-print"
      ref={dialog}
      aria-label={title}
      // Opening another of its dialogs closes this one, which is no wish to close that one.
      onCancel={onClose}
      onKeyDown={pressed}
    >
      {picture && (
        <>
          {isCovered?.(picture.id) ? (
            <CoverButton
              label={title}
              onPress={() => {
                uncover?.(picture.id);
                // The button that had the focus goes.
                dialog.current?.querySelector<HTMLElement>('[autofocus]')?.focus();
              }}
            />
          ) : (
            <View key={picture.id} view={view} url={picture.url} title={title} isFull={isFull} setFull={setFull} />
          )}
          <div class="lightbox__bar">
            <Button disabled={number === 0} aria-label={t.media.previous} onClick={() => turn(-1)}>
              <Icon name="back" />
            </Button>
            <span aria-live="polite">{title}</span>
            <Button
              disabled={number === pictures.length - 1}
              aria-label={t.media.following}
              onClick={() => turn(1)}
            >
              <Icon name="next" />
            </Button>
            <Button onClick={() => setFull(!isFull)}>{isFull ? t.media.fit : t.media.full}</Button>
            {children}
            {/* The focus begins here: to open an original goes on record. */}
            <Button kind="primary" autofocus onClick={onClose}>
              {t.media.close}
            </Button>
          </div>
        </>
      )}
    </dialog>
  );
}

interface ViewProps {
  view: { current: HTMLDivElement | null };
  url: string;
  title: string;
  isFull: boolean;
  setFull: (isFull: boolean) => void;
}

/** The picture. A press shows its full size, with what was pressed in the middle; another all of it. */
function View({ view, url, title, isFull, setFull }: ViewProps) {
  const aim = useRef({ x: 0.5, y: 0.5 });
  useLayoutEffect(() => {
    const { current: room } = view;
    if (!isFull || !room) return;
    room.scrollTo(
      aim.current.x * room.scrollWidth - room.clientWidth / 2,
      aim.current.y * room.scrollHeight - room.clientHeight / 2,
    );
    aim.current = { x: 0.5, y: 0.5 };
  }, [isFull, view]);
  const press = ({ currentTarget: img, offsetX, offsetY }: TargetedMouseEvent<HTMLImageElement>) => {
    const natural = { width: img.naturalWidth, height: img.naturalHeight };
    const room = { width: img.clientWidth, height: img.clientHeight };
    if (!isFull) aim.current = pointIn({ x: offsetX, y: offsetY }, room, natural);
    setFull(!isFull);
  };
  return (
    <div
      class={isFull ? 'lightbox__view lightbox__view--full' : 'lightbox__view'}
      ref={view}
      {...(isFull && { tabIndex: 0, role: 'group', 'aria-label': title })}
    >
      <img class="lightbox__picture" src={url} alt={title} onClick={press} />
    </div>
  );
}

interface Size {
  width: number;
  height: number;
}

interface Point {
  x: number;
  y: number;
}

/**
 * Return where a point of a room is in the picture that is fitted into its middle, each from 0 to 1.
 * Beside the picture, that is the nearest of its edge.
 */
export function pointIn(point: Point, room: Size, picture: Size): Point {
  const scale = Math.min(room.width / picture.width, room.height / picture.height);
  const along = (at: number, whole: number, own: number) =>
    Math.min(1, Math.max(0, (at - (whole - own) / 2) / own)) || 0;
  return {
    x: along(point.x, room.width, picture.width * scale),
    y: along(point.y, room.height, picture.height * scale),
  };
}

export interface Picture {
  id: string;
  url: string;
}

/** Return what of the media can be seen large, in the order by which each is numbered. */
export function picturesOf(media: readonly Medium[]): Picture[] {
  return media.flatMap(({ media_id: id, preview_url: url }) => (url === null ? [] : [{ id, url }]));
}
