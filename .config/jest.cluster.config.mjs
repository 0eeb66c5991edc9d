import base from './jest.config.mjs';

/**
 * The tests that a real API server must pass as well, and `*.tools-spec.ts`, those that need the built tools and run
 * here only: one server per file, one file at a time.
 */
export default {
  ...base,
  testMatch: ['src', 'test'].flatMap((folder) => [
    `**/${folder}/**/*.cluster.spec.ts`,
    `**/${folder}/**/*.tools-spec.ts`,
  ]),
  maxWorkers: 1,
  testTimeout: 90_000,
};
