import { UnreachableError } from '../output/unreachable-error.js';
import { homeDirectory } from '../suite/workspace.js';

/** There is nothing to look at. */
export const noInstallation = (): UnreachableError =>
  new UnreachableError(
    `no suite runs in ${homeDirectory()} and no address was given: run \`npm start\` in another terminal, or say where to look, e.g. --scheduler 10.0.0.7:9101 (see --help)`,
  );
