/**
 * Makes the trip of a report with files, for tests in Python: `trip.ts API FOLDER DEATH FILE…`. The
 * process is killed when the response to request number DEATH has come and nobody has read it: what it
 * did is done, and nothing here knows of it.
 */

import process from 'node:process';

import { untilSent } from '../index.ts';
import { fileAt, openOutbox } from '../node.ts';

const [api = '', folder = '', death = '', ...paths] = process.argv.slice(2);
let responses = 0;

const outbox = await openOutbox({
  api,
  folder,
  fetch: async (...request) => {
    const response = await fetch(...request);
    responses += 1;
    if (responses === Number(death)) process.kill(process.pid, 'SIGKILL');
    return response;
  },
});
if (outbox.entries.value.length === 0) {
  const files = await Promise.all(paths.map(fileAt));
  await outbox.add({ report: { category: 'other', text: 'It goes on.' }, files });
}
const entries = await untilSent(outbox);
outbox.close();
process.stdout.write(JSON.stringify({ responses, entries }));
