import type { RenderedObject } from '../rendered-object.js';

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources?: { readonly requests?: object; readonly limits?: object };
  readonly [probe: `${string}Probe`]: { readonly httpGet?: { readonly port: string | number } } | undefined;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
}

/** What makes pods, and the pods it makes. */
export interface Workload {
  readonly object: RenderedObject;
  readonly replicas: number;
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: PodSpec;
}

/** Pods and what has a template of pods. */
export function workloadsOf(objects: readonly RenderedObject[]): Workload[] {
  return objects.flatMap((object) => {
    if (object.kind === 'Pod') {
      const { labels = {} } = object.metadata;
      return [{ object, replicas: 1, selector: undefined, labels, pod: object.spec as unknown as PodSpec }];
    }
    const spec = object.spec as
      | {
          replicas?: number;
          selector?: { matchLabels?: Record<string, string> };
          template?: { metadata?: { labels?: Record<string, string> }; spec?: PodSpec };
        }
      | undefined;
    if (!spec?.template?.spec) return [];
    const { replicas = 1, selector, template } = spec;
    const labels = template.metadata?.labels ?? {};
    return [{ object, replicas, selector: selector?.matchLabels, labels, pod: template.spec as PodSpec }];
  });
}

/** Whether a label selector of equalities takes these labels. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
