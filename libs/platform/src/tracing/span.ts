/** One timed piece of work. `traceparent` is what its callees get. */
export interface Span {
  readonly traceparent: string;
  setAttribute(name: string, value: string | number | boolean): void;
  end(error?: string): void;
}

/** Starts spans. Without a tracing endpoint it only hands trace context on, which costs next to nothing. */
export interface Tracing {
  readonly enabled: boolean;
  startSpan(name: string, parentTraceparent?: string): Span;
  stop(): Promise<void>;
}
