/**
 * Cuts files for tests in other languages: it reads one order a line, `{"file", "to", "keep"}`, and
 * writes one result a line.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';

import { cut } from '../cut.ts';
import type { Keep } from '../bytes.ts';

interface Order {
  readonly file: string;
  readonly to: string;
  readonly keep: Keep;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { file, to, keep } = JSON.parse(line) as Order;
  const { blob, type, removed, known } = await cut(new File([readFileSync(file)], file), keep);
  writeFileSync(to, new Uint8Array(await blob.arrayBuffer()));
  process.stdout.write(`${JSON.stringify({ type, removed, known })}\n`);
}
