import { describeSuite } from '../suite/describe-suite.js';
import { explainRequest } from '../suite/explain-request.js';
import { QUESTION, routeOneCompletion } from '../suite/self-check.js';
import { type Suite, startSuite } from '../suite/start-suite.js';
import { runStatusLine } from '../suite/status-line.js';
import type { SuiteOptions } from '../suite/suite-options.js';
import { homeDirectory } from '../suite/workspace.js';
import { checkSuiteOptions } from './check-suite-options.js';
import { onStopSignal } from './stop-signal.js';

/** What `penstock up` does: starts the suite, routes a completion, stays up until it is told to stop. */
export async function runUp(flags: SuiteOptions & { once?: boolean }): Promise<void> {
  checkSuiteOptions(flags);
  const stopSignal = onStopSignal();
  const suite = await startSuite(homeDirectory(), flags, say, stopSignal);
  try {
    await selfCheck(suite);
    if (flags.once) return;
    process.stdout.write(`${describeSuite(suite)}\n\n`);
    suite.supervisor.on('exited', (name, how) => say(`${name} ended (${how}); starting it again`));
    await runStatusLine(suite.record, stopSignal);
  } finally {
    process.stdout.write('\nstopping …\n');
    await suite.stop();
  }
}

async function selfCheck(suite: Suite): Promise<void> {
  const check = await routeOneCompletion(suite.record.urls.frontDoor, suite.record.model);
  const why = await explainRequest(suite.record, check.requestId).catch(
    (error: Error) => `not known: ${error.message}`,
  );
  process.stdout.write(
    `\n${suite.record.model} was asked: ${QUESTION}\n  answer   ${check.answer.trim()} (simulated text)\n` +
      `  engine   ${check.endpoint}\n  why      ${why}\n  took     ${check.wallMs.toFixed(0)} ms\n`,
  );
}

const say = (message: string) => process.stdout.write(`${message}\n`);
