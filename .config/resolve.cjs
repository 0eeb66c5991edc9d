// How dependency-cruiser finds a module: `./x.js` in a TypeScript source is `./x.ts`.
module.exports = {
  resolve: {
    exportsFields: ['exports'],
    conditionNames: ['import', 'node', 'default'],
    extensions: ['.ts', '.js', '.mjs', '.json', '.node'],
    extensionAlias: { '.js': ['.ts', '.js'] },
  },
};
