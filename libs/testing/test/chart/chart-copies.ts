import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/provision/run-command.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const STAND_INS = fileURLToPath(new URL('./stand-ins', import.meta.url));

/** The chart as it is in the repository. */
export const CHART = join(ROOT, 'deploy/charts/penstock');

/**
 * Copies of the chart. The charts of NATS and Valkey cannot be counted on to be there: one copy depends on neither, made
 * as the README of the chart says, the other one has stand-ins that take the values Penstock hands on, and no others.
 */
export interface ChartCopies {
  readonly alone: string;
  readonly whole: string;
  remove(): void;
}

/** @throws Error with what the script said */
export async function copyChart(): Promise<ChartCopies> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-chart-'));
  const [alone, whole] = [join(folder, 'alone', 'penstock'), join(folder, 'whole', 'penstock')];
  const script = join(ROOT, '.config/generate-chart-copy.mjs');
  const { status, stderr } = await runCommand(process.execPath, [script, alone]);
  if (status !== 0) throw new Error(`the chart was not copied: ${stderr}`);
  const isOurs = (path: string) => !/\.tgz$|Chart\.lock$/.test(path);
  cpSync(CHART, whole, { recursive: true, filter: isOurs });
  cpSync(STAND_INS, join(whole, 'charts'), { recursive: true });
  return { alone, whole, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
