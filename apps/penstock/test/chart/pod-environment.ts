import type { Container } from '../../../../libs/testing/test/chart/policies/workload.js';

/** What a pod has by itself, and what its Secrets hold: `secret/key` → value. */
export interface PodFacts {
  readonly fields: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** The environment that a kubelet gives a container. @throws Error for what the pod has not */
export function podEnvironment(
  { env = [] }: Container,
  { fields, secrets = {} }: PodFacts,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    const { fieldRef, secretKeyRef } = (valueFrom ?? {}) as {
      fieldRef?: { fieldPath: string };
      secretKeyRef?: { name: string; key: string };
    };
    const found = fieldRef
      ? fields[fieldRef.fieldPath]
      : secretKeyRef
        ? secrets[`${secretKeyRef.name}/${secretKeyRef.key}`]
        : (value ?? '');
    if (found === undefined)
      throw new Error(`${name} comes from what is not there: ${JSON.stringify(valueFrom)}`);
    environment[name] = found;
  }
  return environment;
}
