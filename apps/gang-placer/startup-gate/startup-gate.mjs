// Init container that holds a pod's other containers back until the gang-placer allows it to start: it ends with
// success as soon as a file says `true`. The file is a downward API volume of the pod's annotation
// penstock.dev/start-allowed, which the kubelet rewrites when the annotation changes. Plain JavaScript for Node 20+
// without dependencies, so that its image is Node and this file.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const POLL_MS = 200;
const USAGE = 'usage: startup-gate.mjs --file=<path> [--timeout-seconds=<seconds>]';
/** Exit codes: the gate was not opened in time; the command line is wrong; SIGTERM, as a shell reports it. */
const TIMED_OUT = 1;
const MISUSED = 2;
const TERMINATED = 143;

/** @returns {never} */
function misuse(why) {
  console.error(`startup-gate: ${why}\n${USAGE}`);
  process.exit(MISUSED);
}

/** @returns {{ file: string, timeoutSeconds: number }} */
function readFlags() {
  let values;
  try {
    const options = { file: { type: 'string' }, 'timeout-seconds': { type: 'string' } };
    ({ values } = parseArgs({ options }));
  } catch (error) {
    misuse(error.message);
  }
  if (!values.file) misuse('--file is missing: the path of the file that says `true` when the pod may start');
  const text = values['timeout-seconds'];
  const timeoutSeconds = text === undefined ? Number.POSITIVE_INFINITY : Number(text);
  if (!(timeoutSeconds > 0)) misuse(`--timeout-seconds=${text}: expected a number above 0`);
  return { file: values.file, timeoutSeconds };
}

/** @returns {string} why the pod may not start yet; empty when it may */
function whyClosed(file) {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return text === 'true' ? '' : `${file} says ${JSON.stringify(text)}`;
  } catch (error) {
    return `${file} cannot be read (${error.code})`;
  }
}

const { file, timeoutSeconds } = readFlags();
const startedMs = Date.now();
let told;

function check() {
  const why = whyClosed(file);
  if (!why) {
    console.log(`startup-gate: open after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
    process.exit(0);
  }
  if (why !== told) console.log(`startup-gate: waiting: ${why}`);
  told = why;
  if (Date.now() - startedMs < timeoutSeconds * 1000) return;
  console.error(`startup-gate: not opened within ${timeoutSeconds} s: ${why}`);
  process.exit(TIMED_OUT);
}

// Not 0: a gate that is stopped has not been opened.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(TERMINATED));
check();
// Polled, as a file behind the symbolic links of a volume gives no dependable file system events.
setInterval(check, POLL_MS);
