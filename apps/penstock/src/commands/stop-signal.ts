/** Aborts on the first Ctrl-C, SIGTERM or hang-up. A second one, a second or more later, ends at once. */
export function onStopSignal(): AbortSignal {
  const controller = new AbortController();
  let firstAtMs = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted && performance.now() - firstAtMs > 1000) process.exit(130);
      firstAtMs ||= performance.now();
      controller.abort(new Error('stopped'));
    });
  }
  return controller.signal;
}
