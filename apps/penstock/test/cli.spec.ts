import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { describeDoctor } from './cli/describe-doctor.js';
import { describeExplain } from './cli/describe-explain.js';
import { describeNoSuite } from './cli/describe-no-suite.js';
import { describePipes } from './cli/describe-pipes.js';
import { describeTop } from './cli/describe-top.js';
import { describeTutorial } from './cli/describe-tutorial.js';
import { SuiteUnderTest } from './cli/suite-under-test.js';

const home = mkdtempSync(join(tmpdir(), 'penstock-cli-'));
const suite = new SuiteUnderTest(home);
beforeAll(() => suite.start(), 150_000);
afterAll(async () => {
  await suite.stop();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

// One suite for all of them; each leaves it as it was.
describeExplain(suite);
describeTop(suite);
describeDoctor(suite);
describePipes(suite);
describeTutorial(suite);
describeNoSuite();
