// Entry of the worker thread of `WorkerHost`: owns the index and carries out orders, one after the other.
import { parentPort, workerData } from 'node:worker_threads';
import { PrefixIndex } from '@penstock/core/kv';
import { ReplicaFeed } from './replica-feed.js';
import type { WorkerMessage } from './replica-news.js';
import { isUpdate } from './replica-order.js';
import { SKIP_BEFORE, type WorkerSetup, type WorkerTask } from './worker-task.js';

const port = parentPort;
if (!port) throw new Error('replica-worker.js runs as a worker thread of WorkerHost only');
const { maxHolders, control } = workerData as WorkerSetup;
const say = (message: WorkerMessage) => port.postMessage(message);
const index = new PrefixIndex({ maxHolders, shared: true });
const feed = new ReplicaFeed(index);
const words = new Int32Array(control);

port.on('message', ({ number, order }: WorkerTask) => {
  // What is before a loss of everything would be dropped by it: not worth its time.
  if (isUpdate(order) && number < Atomics.load(words, SKIP_BEFORE)) feed.skip(order);
  else feed.take(order);
  say({ type: 'done', order: number, ...feed.news() });
});
say({ type: 'ready', handle: index.handle() });
