import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { createProgram } from '../src/commands/program.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
const read = (page: string) => readFileSync(join(root, page), 'utf8');
/** Code is no prose: a link in it is an example. */
const prose = (page: string) => read(page).replace(/^```.*?^```$/gms, '');

describe('documentation', () => {
  it.each(pages)('%s links to what exists', (page) => {
    const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    const broken = targets
      .filter((target) => !/^(https?:|mailto:|#)/.test(target))
      .filter((target) => !existsSync(join(root, dirname(page), target.replace(/#.*$/, ''))));
    expect(broken).toEqual([]);
  });

  it('is mapped: every page of docs/ but generated ones can be reached from docs/README.md', () => {
    const map = read('docs/README.md');
    const missing = pages.filter(
      (page) => /^docs\/.+\//.test(page) && !map.includes(page.slice('docs/'.length)),
    );
    expect(missing).toEqual([]);
  });

  it('names only commands and flags that there are', () => {
    const program = createProgram();
    const flags = new Map(
      program.commands.map((command) => [command.name(), command.options.map(({ long }) => long)]),
    );
    const uses = pages.flatMap((page) =>
      [...read(page).matchAll(/(?:npx penstock|npm run penstock --) +([a-z]+)((?: +[^\s`|;)]+)*)/g)].map(
        ([, name = '', rest = '']) => ({ page, name, flags: rest.match(/--[a-z-]+/g) ?? [] }),
      ),
    );
    expect(uses.length).toBeGreaterThan(10);
    for (const { page, name, flags: used } of uses) {
      expect({ page, commands: [...flags.keys(), 'help'] }).toEqual({
        page,
        commands: expect.arrayContaining([name]),
      });
      const known = [...(flags.get(name) ?? []), '--help'];
      expect({ page, name, unknown: used.filter((flag) => !known.includes(flag)) }).toEqual({
        page,
        name,
        unknown: [],
      });
    }
  });
});
