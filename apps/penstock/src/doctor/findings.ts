import type { Finding } from './finding.js';

/** Makes the findings of one area. */
export const findings = (area: string) => ({
  ok: (name: string, detail: string): Finding => ({ area, name, status: 'ok', detail }),
  warn: (name: string, detail: string, fix: string): Finding => ({ area, name, status: 'warn', detail, fix }),
  fail: (name: string, detail: string, fix: string): Finding => ({ area, name, status: 'fail', detail, fix }),
  skip: (name: string, detail: string, fix: string): Finding => ({ area, name, status: 'skip', detail, fix }),
});
