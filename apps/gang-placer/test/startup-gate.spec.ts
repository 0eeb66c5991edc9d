import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const GATE = fileURLToPath(new URL('../startup-gate/startup-gate.mjs', import.meta.url));

class Gate {
  output = '';
  private readonly child;
  private readonly ended: Promise<number | null>;

  constructor(flags: readonly string[]) {
    this.child = spawn(process.execPath, [GATE, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  exitCode(): Promise<number | null> {
    return this.ended;
  }

  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

describe('startup gate', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'startup-gate-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('opens at once when the file says true', async () => {
    const file = join(folder, 'open');
    writeFileSync(file, 'true');
    const gate = new Gate([`--file=${file}`]);
    expect(await gate.exitCode()).toBe(0);
    expect(gate.output).toContain('open after');
  });

  it('waits while the file is missing or says something else, and says what it sees', async () => {
    const file = join(folder, 'later');
    const gate = new Gate(['--file', file]);
    await gate.says('cannot be read (ENOENT)');
    writeFileSync(file, 'false');
    await gate.says('says "false"');
    writeFileSync(`${file}.new`, 'true\n');
    renameSync(`${file}.new`, file);
    expect(await gate.exitCode()).toBe(0);
    expect(gate.output.match(/waiting/g)).toHaveLength(2);
  });

  it('gives up after its timeout', async () => {
    const gate = new Gate([`--file=${join(folder, 'never')}`, '--timeout-seconds=0.3']);
    expect(await gate.exitCode()).toBe(1);
    expect(gate.output).toContain('not opened within 0.3 s');
  });

  it('does not pass for opened when it is stopped', async () => {
    const gate = new Gate([`--file=${join(folder, 'never')}`]);
    await gate.says('waiting');
    gate.signal('SIGTERM');
    expect(await gate.exitCode()).toBe(143);
  });

  it.each([
    [[], '--file is missing'],
    [['--file=x', '--timeout-seconds=soon'], '--timeout-seconds=soon: expected a number above 0'],
    [['--file=x', '--timeout-seconds=0'], 'expected a number above 0'],
    [['--fil=x'], "Unknown option '--fil'"],
  ])('refuses %j', async (flags, why) => {
    const gate = new Gate(flags);
    expect(await gate.exitCode()).toBe(2);
    expect(gate.output).toContain(why);
    expect(gate.output).toContain('usage: startup-gate.mjs');
  });
});
