import { Environment } from '@marcbachmann/cel-js';
import { CHECKED_HAS } from './cel-expression.js';
import { registerIps } from './ip-library.js';
import { registerLists } from './list-library.js';
import { registerQuantities } from './quantity-library.js';
import { registerStrings } from './string-library.js';
import { registerUrls } from './url-library.js';

let environment: Environment | undefined;

/**
 * CEL with the functions Kubernetes adds to it: lists, strings and regular expressions, sets, quantities, URLs, IP
 * addresses and ranges, optional values. Not there: semver, named formats, comprehensions with two variables.
 */
export function celEnvironment(): Environment {
  environment ??= makeEnvironment();
  return environment;
}

function makeEnvironment(): Environment {
  const result = new Environment({
    enableOptionalTypes: true,
    // As for the list that a text is formatted with.
    homogeneousAggregateLiterals: false,
  });
  result.registerFunction(`${CHECKED_HAS}(dyn): bool`, () => true);
  registerLists(result);
  registerStrings(result);
  registerQuantities(result);
  registerUrls(result);
  registerIps(result);
  return result;
}
