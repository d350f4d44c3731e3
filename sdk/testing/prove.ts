/** Makes the proof for a challenge and a key, both JSON on standard input, for tests in Python. */

import { readFileSync } from 'node:fs';
import process from 'node:process';

import { prove, type Challenge } from '../proof.ts';

const { challenge, key } = JSON.parse(readFileSync(0, 'utf8')) as {
  challenge: Challenge;
  key: string;
};
process.stdout.write(await prove(challenge, key));
