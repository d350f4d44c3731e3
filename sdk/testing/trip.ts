/**
 * Makes the trip of a report with files, for tests in Python: `trip.ts API FOLDER STEP FILE…`. The
 * process is killed at a step, from 1 on: a request that is to leave, or a response that has come.
 */

import process from 'node:process';

import { untilSent } from '../index.ts';
import { fileAt, openOutbox } from '../node.ts';

const [api = '', folder = '', death = '', ...paths] = process.argv.slice(2);
let steps = 0;

function step(): void {
  steps += 1;
  if (steps === Number(death)) process.kill(process.pid, 'SIGKILL');
}

const outbox = await openOutbox({
  api,
  folder,
  fetch: async (...request) => {
    step();
    const response = await fetch(...request);
    step();
    return response;
  },
});
if (outbox.entries.value.length === 0) {
  const files = await Promise.all(paths.map(fileAt));
  await outbox.add({ report: { category: 'other', text: 'It goes on.' }, files });
}
const entries = await untilSent(outbox);
outbox.close();
process.stdout.write(JSON.stringify({ steps, entries }));
