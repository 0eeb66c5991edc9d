import type { Endpoint, Pool } from '@penstock/cluster';
import type { EngineIdentity } from './engine-stream.js';

/** An engine to be followed: one stream of events. */
export interface EngineTarget {
  readonly pool: Pool;
  /** Where it is. Data-parallel ranks behind one HTTP port have its address, and event ports of their own. */
  readonly endpoint: Endpoint;
  /** What is known of it without asking, of an engine from a list. */
  readonly identity?: EngineIdentity;
}
