import type { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** The test functions a contract suite uses, handed in so that this library can be imported outside of jest. */
export interface JestApi {
  readonly describe: typeof describe;
  readonly it: typeof it;
  readonly expect: typeof expect;
  readonly beforeAll: typeof beforeAll;
  readonly afterAll: typeof afterAll;
}
