import type { schedulerV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import type { SuiteRecord } from './state.js';

/** Asks the schedulers why a request went where it went: one sentence. */
export async function explainRequest(record: SuiteRecord, requestId: string): Promise<string> {
  const client = createGrpcClient<{
    Explain: { request: schedulerV1.ExplainRequest; response: schedulerV1.ExplainResponse };
  }>({ proto: 'scheduler', service: 'SchedulerService', address: record.urls.schedulerGrpc });
  try {
    const { decision } = await client.call('Explain', { requestId });
    if (!decision) return 'the scheduler kept no record';
    return `${decision.reason} (policy ${decision.policy}, decided by ${decision.scheduler})`;
  } finally {
    client.close();
  }
}
