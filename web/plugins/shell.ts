import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const WORKER = 'worker.js';
const PAGE = 'index.html';
const WITH_IT = ['icon.svg', 'manifest.webmanifest'];
// How built files name each other: by the address, or beside each other.
const NAMED = /(?:assets|\.)\/([\w-]+\.(?:js|css))/g;

/**
 * List the shell for the residents' worker: the page and all that it can load, by the names that
 * the build gave. The version changes when any of it does.
 */
export function shell(): Plugin {
  let out = '';
  return {
    name: 'shell',
    configResolved(config) {
      out = config.build.outDir;
    },
    writeBundle: {
      order: 'post',
      sequential: true,
      handler() {
        if (!existsSync(join(out, WORKER))) return;
        const files = [...reachable(out), ...WITH_IT].sort();
        const hash = createHash('sha256');
        for (const file of [PAGE, ...files]) hash.update(readFileSync(join(out, file)));
        const known = {
          version: hash.digest('hex').slice(0, 16),
          paths: ['/', ...files.map((file) => `/${file}`)],
        };
        const program = readFileSync(join(out, WORKER), 'utf8');
        writeFileSync(join(out, WORKER), `const SHELL=${JSON.stringify(known)};\n${program}`);
      },
    },
  };
}

/** Return the programs and styles that the page needs, at once or later. */
function reachable(out: string): Set<string> {
  const files = new Set<string>();
  const next = [PAGE];
  for (let file = next.pop(); file; file = next.pop()) {
    for (const [, name] of readFileSync(join(out, file), 'utf8').matchAll(NAMED)) {
      const found = `assets/${name}`;
      if (files.has(found) || !existsSync(join(out, found))) continue;
      files.add(found);
      next.push(found);
    }
  }
  return files;
}
