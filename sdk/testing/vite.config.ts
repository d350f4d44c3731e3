/** Builds the engine alone, for the same browsers as the pages. */

import { resolve } from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    target: ['chrome80', 'firefox78', 'safari14'],
    emptyOutDir: false,
    lib: {
      entry: resolve(import.meta.dirname, 'engine.ts'),
      formats: ['es'],
      fileName: () => 'engine.js',
    },
  },
});
