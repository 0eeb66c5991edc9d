/** An engine that may dial in, as the cluster knows it. */
export interface ExpectedPublisher {
  /** IP address of its pod, without brackets. */
  readonly address: string;
  /** Port of its HTTP server. */
  readonly port: number;
  /** Data-parallel rank; 0 without data parallelism. */
  readonly rank: number;
}

/** Takes what an engine that dialled in sends. */
export interface DialledStreamHandlers {
  /** The frames of one message. */
  readonly onFrames: (frames: Buffer[]) => void;
  readonly onConnection: (connected: boolean) => void;
}
