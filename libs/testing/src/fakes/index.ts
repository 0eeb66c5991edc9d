export { blocksAsText, describeBlockStore } from './describe-block-store.js';
export { describeEventBus, type EventBusHarness } from './describe-event-bus.js';
export { FakeBlockStore } from './fake-block-store.js';
export { FakeBroker, type FakeDeadLetter, type StoredMessage } from './fake-broker.js';
export { FakeClock } from './fake-clock.js';
export { FakeCluster } from './fake-cluster.js';
export { FakeEventBus, type FakeEventBusOptions } from './fake-event-bus.js';
export type { JestApi } from './jest-api.js';
export { until } from './until.js';
