import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { fileAt, openOutbox } from './node.ts';

test('a folder has one outbox at a time in a process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outbox-'));
  const first = await openOutbox({ api: '', folder });
  await expect(openOutbox({ api: '', folder: join(folder, '.') })).rejects.toThrow('open already');
  first.close();
  (await openOutbox({ api: '', folder })).close();
});

test('a path without a file says so', async () => {
  await expect(fileAt('/nowhere/nope.jpg')).rejects.toThrow("ENOENT: no such file or directory, stat '/nowhere/nope.jpg'");
  await expect(fileAt(tmpdir())).rejects.toThrow('is not a file');
});
