import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../src/suite/workspace.js';
import { describeSubscriber } from './subscribers/describe-subscriber.js';

const FOLDER = join(ROOT, 'deploy/examples/subscribers/python');
const run = promisify(execFile);

/** As its page says: a virtual environment with the pinned packages. */
describeSubscriber('Python', async (home) => {
  const environment = join(home, 'venv');
  await run('python3', ['-m', 'venv', environment]);
  const python = join(environment, 'bin/python');
  await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', join(FOLDER, 'requirements.txt')]);
  // No __pycache__ beside the example.
  return { program: python, args: ['-B', join(FOLDER, 'subscriber.py')] };
});
