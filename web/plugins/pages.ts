import { copyFileSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { City } from 'virtual:city';
import type { Plugin } from 'vite';
import { addressOf, readCity, readMap, streetsOf } from './city.ts';

/**
 * Fill the city's facts into the pages and the manifest, give them to modules as `virtual:city` and
 * `virtual:city-map`, put the residents' page where it is served, at the root, and the city's tiles
 * beside the programs.
 */
export function pages(folder: string): Plugin {
  const city = readCity(folder);
  // Vite's own server serves no tiles.
  let streets: string | null = null;
  let out = '';
  const modules: Record<string, () => unknown> = {
    'virtual:city': () => city,
    'virtual:city-map': () => readMap(folder, streets),
  };
  return {
    name: 'pages',
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
      if (config.command === 'build') streets = streetsOf(folder);
    },
    resolveId: (id) => (id in modules ? `\0${id}` : undefined),
    load(id) {
      const found = modules[id.slice(1)];
      return found && `export default ${JSON.stringify(found())};`;
    },
    configureServer(server) {
      server.middlewares.use((request, _, next) => {
        request.url = pageOf(request.url ?? '/');
        next();
      });
    },
    transformIndexHtml: { order: 'pre', handler: (html) => filled(html, city) },
    generateBundle() {
      const source = JSON.stringify(manifest(city));
      this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source });
    },
    writeBundle() {
      move(resolve(out, 'report/index.html'), resolve(out, 'index.html'));
      if (streets) copyFileSync(streets, resolve(out, addressOf(streets)));
    },
  };
}

/** Return where Vite's own server finds what a web server has at `url`. */
function pageOf(url: string): string {
  const [path = '/', query] = url.split('?');
  const named = path.slice(path.lastIndexOf('/')).includes('.');
  const page =
    path === '/'
      ? '/report/index.html'
      : path.startsWith('/console/') && !named
        ? '/console/index.html'
        : path;
  return query === undefined ? page : `${page}?${query}`;
}

function filled(html: string, city: City): string {
  const facts: Record<string, string> = {
    language: city.language,
    number: city.emergencyNumber,
    'service.zh': city.service.zh,
    'service.en': city.service.en,
    'police.zh': city.police.zh,
    'police.en': city.police.en,
    service: city.service[city.language],
    city: city.name[city.language],
  };
  return html.replace(/\{\{([a-z.]+)\}\}/g, (_, name: string) => {
    const fact = facts[name];
    if (fact === undefined) throw new Error(`There is no fact {{${name}}} for a page`);
    return escaped(fact);
  });
}

function manifest(city: City): object {
  return {
    name: city.service[city.language],
    short_name: city.service[city.language],
    lang: city.language,
    start_url: '/',
    scope: '/',
    display: 'standalone',
    background_color: '#ffffff',
    theme_color: '#b3261e',
    icons: [{ src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' }],
  };
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
  rmdirSync(dirname(from));
}
