// As source-loader.mjs, and takes our own packages from their sources, too: for worker threads of code that runs from
// source, which find nothing compiled.
import { registerHooks } from 'node:module';
import './source-loader.mjs';

registerHooks({
  resolve(specifier, context, nextResolve) {
    const [, library, folder = ''] = /^@penstock\/([a-z-]+)(\/[a-z-]+)?$/.exec(specifier) ?? [];
    if (library === undefined) return nextResolve(specifier, context);
    return nextResolve(new URL(`../libs/${library}/src${folder}/index.ts`, import.meta.url).href, context);
  },
});
