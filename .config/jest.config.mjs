import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** Native ES modules (Nest 12 and the Kubernetes client are ESM-only); TypeScript through swc. */
export default {
  rootDir: root,
  roots: [`${root}/libs`, `${root}/apps`],
  testEnvironment: 'node',
  testMatch: ['**/src/**/*.spec.ts', '**/test/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/', '/dist/'],
  moduleNameMapper: {
    '^@penstock/([a-z-]+)/([a-z-]+)$': `${root}/libs/$1/src/$2/index.ts`,
    '^@penstock/([a-z-]+)$': `${root}/libs/$1/src/index.ts`,
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testTimeout: 30_000,
  // A fresh process for every file: zeromq keeps an object of the first file that loads it, and fails in the next.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1MB',
};
