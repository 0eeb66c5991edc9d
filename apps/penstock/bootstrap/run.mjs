#!/usr/bin/env node
// Runs before anything is installed: plain JavaScript for Node 20+, no packages.
// `node apps/penstock/bootstrap/run.mjs <command> [arguments]` installs when the lock file changed, builds what
// changed, then hands over to the command under the Node that the lock file brings.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { install } from './install.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const [command = 'up', ...rest] = process.argv.slice(2);

function fail(message) {
  process.stderr.write(`penstock: ${message}\n`);
  process.exit(1);
}

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  fail(
    `Node ${process.versions.node} is too old; install Node 20 or newer (https://nodejs.org) and run the command again`,
  );
}

/** Runs a program to its end; its output is shown only when it fails, or when `show` is set. */
function run(program, args, { show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 127, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

try {
  await install(root, run);
} catch (error) {
  fail(error.message);
}

// The Node of the lock file where there is one (Linux x64), else the one that runs this script.
const bundled = `${root}/node_modules/.bin/node`;
const node = existsSync(bundled) ? bundled : process.execPath;
if (
  node === process.execPath &&
  !(major > 22 || (major === 22 && Number(process.versions.node.split('.')[1]) >= 19))
) {
  fail(`Node ${process.versions.node} cannot run the services on this platform; install Node 22.19 or newer`);
}

// The test tools are built from source: nothing of ours needs to be compiled for them.
if (command === 'tools' || command === 'test:cluster') {
  const tools = [
    '--no-warnings',
    `--import=${root}/.config/source-loader.mjs`,
    `${root}/libs/testing/src/tools/main.ts`,
    ...(command === 'tools' ? rest : ['--cluster']),
  ];
  const { code } = await run(node, tools, { show: true });
  if (command === 'tools' || code !== 0) process.exit(code);
  process.env.PENSTOCK_TEST_CLUSTER = 'kube';
}

const started = Date.now();
try {
  await build(root, node, run);
} catch (error) {
  process.stderr.write(error.output ?? '');
  fail(error.message);
}
if (command === 'up' && Date.now() - started > 4000)
  process.stderr.write(`built in ${Math.round((Date.now() - started) / 1000)} s\n`);

const target =
  command === 'test' || command === 'test:cluster'
    ? [`${root}/.config/jest.mjs`, ...rest]
    : [`${root}/apps/penstock/dist/main.js`, command, ...rest];
const child = spawn(node, target, {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${root}/node_modules/.bin:${process.env.PATH}` },
});
// Ctrl-C reaches the child through the terminal; what is sent to this process alone is passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
