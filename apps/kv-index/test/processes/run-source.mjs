// Lets `node --import` run our TypeScript sources, decorators and all, as Jest does: nothing need be built.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';
import '../../../../.config/package-loader.mjs';
import jest from '../../../../.config/jest.config.mjs';

const [, options] = jest.transform['\\.ts$'];

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith('.ts')) return nextLoad(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), { ...options, filename });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
