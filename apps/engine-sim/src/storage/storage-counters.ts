/** What happened to chunks so far. Bytes and times are those of the simulated engine, not of the small files. */
export class StorageCounters {
  storedChunks = 0;
  storedBytes = 0;
  storeMs = 0;
  /** Stores given up because too many were waiting, and because the file system refused them. */
  droppedStores = 0;
  failedStores = 0;
  loadedChunks = 0;
  loadedBytes = 0;
  loadMs = 0;
  /** Files that a lookup found and a load did not, that had another size, and that held other bytes. */
  missingChunks = 0;
  shortChunks = 0;
  wrongChunks = 0;
}
