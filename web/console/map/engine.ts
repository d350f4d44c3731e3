/** The map's library, with the tiles that it draws. Loaded only where a map is shown. */

import { addProtocol, type ErrorEvent, Map as MapLibre, Marker, setWorkerUrl } from 'maplibre-gl';
// A file of its own beside the page: the policy allows no worker from a blob.
import worker from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import { PMTiles, Protocol } from 'pmtiles';

import type { Point } from '../../shared/area.ts';
import type { Drawing } from './shapes.ts';
import { COLOURS, type Colours, type Look, STREETS, styleOf } from './style.ts';

const WORKER = new URL(worker, location.href).href;
setWorkerUrl(WORKER);
const tiles = new Protocol();
addProtocol('pmtiles', tiles.tile);

interface Wanted {
  /** The words of the map's own controls, by MapLibre's names of them. */
  words: Record<string, string>;
  streets: string | null;
  onDrawn: () => void;
  onFailed: () => void;
  /** A place was pressed; and how many metres a pixel is there. */
  onPress: (place: Point, metres: number) => void;
}

const EARTH_M = 40_075_017;
// As in the style of the streets' tiles: the world is so many pixels wide at zoom 0.
const TILE = 512;
const DEEPEST = 19;

/** A map in a part of the page. Raises when the browser cannot draw one. */
export class StreetMap {
  private readonly map: MapLibre;
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');
  private markers: Marker[] = [];
  private shown: { drawing: Drawing; language: Look['language'] } | null = null;
  private view = '';
  // Somebody has moved it: it stays there when the window changes.
  private isMoved = false;

  constructor(
    private readonly room: HTMLElement,
    private readonly wanted: Wanted,
  ) {
    this.map = new MapLibre({
      container: room,
      attributionControl: false,
      canvasContextAttributes: { preserveDrawingBuffer: true },
      // The page scrolls past it: two fingers or Ctrl move the map.
      cooperativeGestures: true,
      dragRotate: false,
      fadeDuration: 0,
      locale: wanted.words,
      maxPitch: 0,
      maxZoom: DEEPEST,
      renderWorldCopies: false,
      touchPitch: false,
    });
    this.map.keyboard.disableRotation();
    this.map.touchZoomRotate.disableRotation();
    this.map.on('idle', wanted.onDrawn);
    this.map.on('error', (event: ErrorEvent & { sourceId?: string }) => {
      if (event.sourceId === STREETS) wanted.onFailed();
    });
    this.map.on('click', ({ lngLat: { lat, lng } }) => {
      const wide = TILE * 2 ** this.map.getZoom();
      wanted.onPress({ lat, lon: lng }, (EARTH_M * Math.cos((lat * Math.PI) / 180)) / wide);
    });
    this.map.on('movestart', (event) => {
      this.isMoved ||= event.originalEvent !== undefined;
    });
    this.map.on('resize', () => this.isMoved || this.fit());
    this.dark.addEventListener('change', this.draw);
  }

  /** `label` is the name of the map for whoever does not see it. */
  show(drawing: Drawing, language: Look['language'], label: string): void {
    this.map.getCanvas().ariaLabel = label;
    this.shown = { drawing, language };
    this.draw();
    const view = JSON.stringify(drawing.view);
    if (view === this.view) return;
    this.view = view;
    this.isMoved = false;
    this.fit();
  }

  zoom(by: number): void {
    this.isMoved = true;
    this.map.zoomTo(this.map.getZoom() + by, { animate: false });
  }

  remove(): void {
    this.dark.removeEventListener('change', this.draw);
    this.map.remove();
  }

  private fit(): void {
    if (this.shown === null) return;
    const { west, south, east, north } = this.shown.drawing.view;
    this.map.fitBounds([west, south, east, north], { animate: false, maxZoom: DEEPEST - 2 });
  }

  private readonly draw = (): void => {
    if (this.shown === null) return;
    const { drawing, language } = this.shown;
    const look = { language, streets: this.wanted.streets, colours: this.colours(), isDark: this.dark.matches };
    this.map.setStyle(styleOf(drawing, look));
    for (const marker of this.markers) marker.remove();
    this.markers = drawing.signs.map(({ lon, lat, isLast }) => {
      const element = document.createElement('div');
      element.className = isLast ? 'map__last' : 'map__place';
      const marker = new Marker({ element }).setLngLat([lon, lat]).addTo(this.map);
      // The list beside the map says it in words.
      element.ariaHidden = 'true';
      return marker;
    });
  };

  private colours(): Colours {
    const style = getComputedStyle(this.room);
    const of = (name: string) => style.getPropertyValue(`--color-${name}`).trim();
    return Object.fromEntries(COLOURS.map((name) => [name, of(name)])) as Colours;
  }
}

/** Wait for the worker's file: of one that is gone MapLibre says nothing to the page. Raises without it. */
export async function ready(): Promise<void> {
  const { ok } = await fetch(WORKER);
  if (!ok) throw new Error('The worker of the map is gone');
}

/** Return whom the streets are of, in words; empty when the file does not say. Raises without it. */
export async function sourceOf(streets: string): Promise<string> {
  const file = tiles.get(streets) ?? new PMTiles(streets);
  tiles.add(file);
  const { attribution } = (await file.getMetadata()) as { attribution?: string };
  // It may be HTML.
  return new DOMParser().parseFromString(attribution ?? '', 'text/html').body.textContent ?? '';
}
