/** Cleans texts, a JSON list in the file that is named, in all three ways, for tests in Python. */

import { readFileSync } from 'node:fs';
import process from 'node:process';

import { clean, cleanAddress, cleanNumber } from '../text.ts';

const texts = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as string[];
process.stdout.write(JSON.stringify([clean, cleanAddress, cleanNumber].map((each) => texts.map(each))));
