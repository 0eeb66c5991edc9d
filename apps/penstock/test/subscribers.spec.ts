import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { ROOT } from '../src/suite/workspace.js';
import { describeSubscriber } from './subscribers/describe-subscriber.js';

const FOLDER = join(ROOT, 'deploy/examples/subscribers/typescript');
const dependencies = (folder: string): Record<string, string> =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).dependencies;

it('needs the NATS client that the suite has, and nothing else', () => {
  expect(dependencies(FOLDER)).toEqual({ nats: dependencies(ROOT)['nats'] });
});

describeSubscriber('TypeScript', async () => ({
  program: process.execPath,
  args: [join(FOLDER, 'subscriber.ts')],
}));
