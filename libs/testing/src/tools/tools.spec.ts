import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../provision/run-command.js';
import { buildFlags } from './build-flags.js';
import { type BuildToolsOptions, buildTools } from './build-tools.js';
import { findTool } from './find-tool.js';
import { readGoModule } from './go-module.js';
import { missingClusterTools } from './missing-cluster-tools.js';
import { TOOLS } from './tool-list.js';
import { toolsFolder } from './tools-folder.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-tools-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const module = { folder: '/', text: 'go.mod and go.sum', minimumGo: '1.26.0', kubernetes: 'v1.36.3' };
const calls = () => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8') : '');
const environment = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
  XDG_CACHE_HOME: join(folder, 'cache'),
  FAKE: folder,
  ...extra,
});
const build = (options: BuildToolsOptions = {}) =>
  buildTools({ module, env: environment(), goFolders: [], names: ['etcd', 'kwok'], ...options });

function script(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A go that notes what it is asked to build and writes a program in its place, or fails with a message. */
function fakeGo(version: string, failure?: string): void {
  const outcome = failure
    ? `echo "${failure}" >&2; exit 1`
    : 'sleep 0.2; printf "#!/bin/sh\\n" > "$6"; chmod +x "$6"';
  script(
    join(folder, 'bin', 'go'),
    `if [ "$1" = env ]; then echo ${version}; exit; fi\necho "$7" >> "$FAKE/calls"\n${outcome}`,
  );
}

describe('the Go module', () => {
  const real = readGoModule();

  it('lists every tool', () => {
    const listed = /tool \(([^)]*)\)/.exec(real.text)?.[1]?.trim().split(/\s+/);
    expect(TOOLS.map((tool) => tool.package).sort()).toEqual(listed?.sort());
  });

  it('replaces every staging module by the release of its Kubernetes', () => {
    const block = /replace \(([^)]*)\)/.exec(real.text)?.[1]?.trim().split('\n') ?? [];
    expect(block.length).toBeGreaterThan(30);
    const version = real.kubernetes.replace(/^v1\./, 'v0.');
    for (const line of block) expect(line.trim()).toMatch(/^(\S+) => \1 v\S+$/);
    expect(new Set(block.map((line) => line.trim().split(' ').at(-1)))).toEqual(new Set([version]));
  });
});

describe('buildTools', () => {
  it('builds each tool once, and needs no Go the second time', async () => {
    fakeGo('go1.26.8');
    const lines: string[] = [];
    const first = await build({ onProgress: (line) => lines.push(line) });
    expect(first.built).toEqual(['etcd', 'kwok']);
    expect(calls().trim().split('\n')).toEqual(['go.etcd.io/etcd/server/v3', 'sigs.k8s.io/kwok/cmd/kwok']);
    expect(lines.at(-1)).toMatch(/^built kwok in \d+ s \(\d+ MB\)$/);
    rmSync(join(folder, 'bin'), { recursive: true });
    expect(await build()).toEqual({ folder: first.folder, built: [] });
  });

  it('builds what is missing only', async () => {
    fakeGo('go1.26.8');
    const { folder: built } = await build();
    rmSync(join(built, 'kwok'));
    writeFileSync(join(built, '.kwok.99999999'), 'what a killed builder left');
    expect((await build()).built).toEqual(['kwok']);
    expect(readdirSync(built).sort()).toEqual(['etcd', 'kwok']);
  });

  it('lets one of two builders work and the other wait', async () => {
    fakeGo('go1.26.8');
    const lines: string[] = [];
    const onProgress = (line: string) => void lines.push(line);
    const both = await Promise.all([build({ onProgress }), build({ onProgress })]);
    expect(both.flatMap(({ built }) => built).sort()).toEqual(['etcd', 'kwok']);
    expect(calls().trim().split('\n')).toHaveLength(2);
    expect(lines).toContain(`process ${process.pid} is building the tools; waiting for it …`);
  });

  it.each([
    ['a process that ended', JSON.stringify({ pid: 2 ** 22 + 1, startTicks: 1, bootId: 'another' })],
    ['nobody', '{"pid":'],
  ])('takes over the lock of %s', async (_who, text) => {
    fakeGo('go1.26.8');
    const target = toolsFolder(module, environment());
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, '.lock'), text);
    expect((await build()).built).toHaveLength(2);
  });

  it('says that Go is missing, or too old', async () => {
    await expect(build()).rejects.toThrow(
      /^Go is needed .* not on the PATH; install Go 1\.26\.0 or newer \(https:\/\/go\.dev\/dl\), or set KUBEBUILDER_ASSETS/,
    );
    fakeGo('go1.24.1');
    await expect(build()).rejects.toThrow(/bin\/go is Go 1\.24\.1, too old .* install Go 1\.26\.0 or newer/);
    fakeGo('nonsense');
    await expect(build()).rejects.toThrow(/does not tell its version/);
  });

  it.each([
    [
      'write /x: no space left on device',
      /the disk is full; .*free space or move them \(GOCACHE, GOMODCACHE, XDG_CACHE_HOME\)/,
    ],
    [
      'go: x@v1: Get https://proxy.golang.org/x: dial tcp: lookup proxy.golang.org: no such host',
      /the Go module proxy cannot be reached; check the network and `go env GOPROXY`/,
    ],
    ['verifying x@v1: checksum mismatch', /not the one that libs\/testing\/tools\/go\.sum names/],
    ['compile: signal: killed', /killed, most likely for want of memory/],
    ['x.go:1: undefined: y', /building etcd failed: see what Go says\. Go says: x\.go:1: undefined: y/],
  ])('explains %s', async (failure, expected) => {
    fakeGo('go1.26.8', failure);
    await expect(build()).rejects.toThrow(expected);
    // What failed leaves neither a program nor a lock behind.
    expect(readdirSync(toolsFolder(module, environment()))).toEqual([]);
  });

  it('says that its folder cannot be made', async () => {
    fakeGo('go1.26.8');
    writeFileSync(join(folder, 'file'), '');
    const env = environment({ XDG_CACHE_HOME: join(folder, 'file') });
    await expect(build({ env })).rejects.toThrow(/cannot be kept in .*\(ENOTDIR.*set XDG_CACHE_HOME/);
  });

  it('keeps the programs of every set of versions apart', () => {
    const env = environment();
    const other = { ...module, text: `${module.text}.` };
    expect(toolsFolder(other, env)).not.toBe(toolsFolder(module, env));
    expect(buildFlags('v1.36.3').join(' ')).toContain('-X k8s.io/component-base/version.gitMinor=36');
  });
});

describe('the command', () => {
  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
    const node = [
      '--no-warnings',
      '--import',
      here('../../../../.config/source-loader.mjs'),
      here('./main.ts'),
    ];
    return runCommand(process.execPath, [...node, ...args], { env: environment(env) });
  };

  it('tells its flags, and refuses others', async () => {
    expect(await run(['--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--path <tool>'),
    });
    expect(await run(['--path', 'kubeadm'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/--path kubeadm: no such tool\n.*one of etcd/s),
    });
    expect(await run(['--everything'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--everything'),
    });
  });

  it('prints where a tool is', async () => {
    const cached = script(join(toolsFolder(readGoModule(), environment()), 'kubectl'), '');
    expect(await run(['--path', 'kubectl'])).toMatchObject({ status: 0, stdout: `${cached}\n` });
  });

  it('fails in one sentence where a real cluster cannot be had', async () => {
    fakeGo('go1.20.1');
    const { status, stderr } = await run(['--cluster']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^tools: \S+\/bin\/go is Go 1\.20\.1, too old .*\n$/);
  });
});

describe('findTool', () => {
  it('looks at the variable, the assets, the cache, and for clients the PATH', () => {
    const env = environment({ PATH: join(folder, 'bin') });
    expect(findTool('kubectl', env)).toBeUndefined();
    const onPath = script(join(folder, 'bin', 'kubectl'), '');
    script(join(folder, 'bin', 'etcd'), '');
    expect(findTool('kubectl', env)).toBe(onPath);
    // An etcd of any version will not do.
    expect(findTool('etcd', env)).toBeUndefined();
    const cached = script(join(toolsFolder(readGoModule(), env), 'kubectl'), '');
    expect(findTool('kubectl', env)).toBe(cached);
    const asset = script(join(folder, 'assets', 'kubectl'), '');
    env['KUBEBUILDER_ASSETS'] = join(folder, 'assets');
    expect(findTool('kubectl', env)).toBe(asset);
    const named = script(join(folder, 'mine'), '');
    env['KUBECTL_BIN'] = named;
    expect(findTool('kubectl', env)).toBe(named);
    env['KUBECTL_BIN'] = join(folder, 'absent');
    expect(() => findTool('kubectl', env)).toThrow(/KUBECTL_BIN=.*absent is not a program that runs here/);
  });
});

describe('missingClusterTools', () => {
  it('is all of them without KUBEBUILDER_ASSETS', () => {
    expect(missingClusterTools({}, () => undefined)).toContain('kube-apiserver');
  });

  it('says what the folder lacks', () => {
    const assets = join(folder, 'assets');
    for (const name of ['etcd', 'kube-apiserver', 'kubectl']) script(join(assets, name), '');
    const lines: string[] = [];
    const missing = missingClusterTools({ KUBEBUILDER_ASSETS: assets }, (line) => lines.push(line));
    expect(missing).toEqual(['kube-controller-manager', 'kube-scheduler', 'kwok']);
    expect(lines).toEqual([expect.stringContaining('lacks kube-controller-manager, kube-scheduler, kwok')]);
  });

  it('refuses a folder that is none, or holds nothing of use', () => {
    const look = (assets: string) => () =>
      missingClusterTools({ KUBEBUILDER_ASSETS: assets }, () => undefined);
    expect(look(join(folder, 'absent'))).toThrow(/is not a folder; point it at one with/);
    expect(look(folder)).toThrow(/holds none of etcd, kube-apiserver/);
  });
});
