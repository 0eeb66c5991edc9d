/** Readiness probe of an engine that nobody gave one: it takes requests once it answers, however long loading takes. */
export const engineReadiness = (port: number) => ({
  httpGet: { path: '/health', port },
  periodSeconds: 2,
  timeoutSeconds: 2,
  failureThreshold: 3,
});
