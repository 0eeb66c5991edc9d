import { type PodCliqueSet, ROLE_LABEL } from '@penstock/contracts';
import { engineReadiness } from '../outputs/engine-readiness.js';
import { KV_EVENTS } from '../outputs/kv-events.js';
import { KV_TRANSFER, kvTransferArgs } from '../outputs/kv-transfer.js';
import { POOL_LABEL } from '../outputs/output-labels.js';
import { sharedMemory } from '../outputs/shared-memory.js';
import type { Accelerator } from './accelerators.js';
import type { EngineStorage } from './engine-storage.js';
import type { ModelOptions } from './model-options.js';

/** Port of the engines. */
export const ENGINE_PORT = 8_000;

export interface EngineCliqueOptions {
  readonly role: 'prefill' | 'decode';
  readonly replicas: number;
  readonly model: string;
  readonly modelOptions: Pick<ModelOptions, 'args' | 'env'>;
  readonly storage: EngineStorage;
  readonly image: string;
  readonly gpus: number;
  readonly accelerator: Accelerator | undefined;
  readonly pool: string;
  /** Whether there are both prefill and decode engines. */
  readonly isDisaggregated: boolean;
}

const PRODUCT_LABEL = 'nvidia.com/gpu.product';

/**
 * The engines of one role. The gang needs one of them; the others are placed as capacity allows, so that the autoscaler
 * can change their number.
 */
export function engineClique(
  options: EngineCliqueOptions,
): PodCliqueSet['spec']['template']['cliques'][number] {
  const { role, replicas, model, modelOptions, storage, image, gpus, accelerator, pool, isDisaggregated } =
    options;
  const memory = sharedMemory('16Gi');
  return {
    name: role,
    labels: { [ROLE_LABEL]: isDisaggregated ? role : 'both', [POOL_LABEL]: pool },
    spec: {
      roleName: role,
      replicas,
      minAvailable: 1,
      podSpec: {
        ...placement(accelerator),
        terminationGracePeriodSeconds: 60,
        volumes: [...memory.volumes, ...storage.volumes],
        containers: [
          {
            name: 'engine',
            image,
            args: [
              model,
              `--port=${ENGINE_PORT}`,
              `--tensor-parallel-size=${gpus}`,
              ...modelOptions.args,
              ...storage.args,
              ...kvTransferArgs([
                ...(isDisaggregated ? [KV_TRANSFER.connector] : []),
                ...(storage.connector ? [storage.connector] : []),
              ]),
              ...KV_EVENTS.args,
            ],
            env: [...modelOptions.env, ...storage.env, ...(isDisaggregated ? KV_TRANSFER.env : [])],
            ports: [{ name: 'http', containerPort: ENGINE_PORT }, ...KV_EVENTS.ports],
            readinessProbe: engineReadiness(ENGINE_PORT),
            resources: {
              requests: { 'nvidia.com/gpu': String(gpus) },
              limits: { 'nvidia.com/gpu': String(gpus) },
            },
            volumeMounts: [...memory.volumeMounts, ...storage.volumeMounts],
          },
        ],
      },
    },
  };
}

/** One product is a node selector, as people write it; several need an affinity. */
function placement(accelerator: Accelerator | undefined): Record<string, unknown> {
  if (!accelerator) return {};
  const { products } = accelerator;
  if (products.length === 1) return { nodeSelector: { [PRODUCT_LABEL]: products[0] } };
  const matchExpressions = [{ key: PRODUCT_LABEL, operator: 'In', values: [...products] }];
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } };
}
