import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { pages } from './plugins/pages.ts';
import { shell } from './plugins/shell.ts';

const root = import.meta.dirname;
const city = process.env.CITY || resolve(root, '../city');
// The worker keeps one address for ever: browsers ask for it again there.
const WORKER = 'report/worker.ts';
// Vite's own server has the pages, and a running stack (`make run`) has the API.
const API = process.env.API || 'http://127.0.0.1:8000';

export default defineConfig({
  root,
  publicDir: 'public',
  plugins: [pages(city), shell()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: process.env.OUT || resolve(root, '../build/web'),
    emptyOutDir: true,
    // The content security policy allows no data: and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What phones of 2018 have, updated as far as they go; Tor Browser is newer.
    target: ['chrome80', 'firefox78', 'safari14'],
    cssTarget: ['chrome80', 'firefox78', 'safari14'],
    reportCompressedSize: false,
    // What MIT asks of whoever ships a copy: the packages in the scripts, with their licences.
    license: { fileName: 'licences.md' },
    rolldownOptions: {
      input: {
        report: resolve(root, 'report/index.html'),
        console: resolve(root, 'console/index.html'),
        ...(existsSync(resolve(root, WORKER)) ? { worker: resolve(root, WORKER) } : {}),
      },
      output: {
        entryFileNames: (chunk) =>
          chunk.name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js',
      },
    },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(
      ['/v1', '/bulletins', '/docs', '/openapi', '/console/config.json', '/sign-in'].map(
        (path) => [path, API],
      ),
    ),
  },
  // None fails because the machine is busy.
  test: {
    environment: 'node',
    include: ['**/*.test.{ts,tsx}', '../sdk/**/*.test.ts'],
    exclude: ['**/node_modules/**', '../sdk/{node_modules,dist}/**'],
    testTimeout: 60_000,
  },
});
