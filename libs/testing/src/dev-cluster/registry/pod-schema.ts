import type { StructuralSchema } from './structural-schema.js';

/** An object of which only these fields are checked; all others are kept as they are. */
const checked = (
  properties: Record<string, StructuralSchema>,
  required: string[] = [],
): StructuralSchema => ({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties,
  ...(required.length > 0 ? { required } : {}),
});
const list = (items: StructuralSchema): StructuralSchema => ({ type: 'array', nullable: true, items });
const wholeNumber = (minimum: number, maximum?: number): StructuralSchema => ({
  type: 'integer',
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
});
const text: StructuralSchema = { type: 'string' };
const texts: StructuralSchema = { type: 'object', nullable: true, additionalProperties: text };
const quantities: StructuralSchema = {
  type: 'object',
  nullable: true,
  additionalProperties: { 'x-kubernetes-int-or-string': true },
};
const portReference: StructuralSchema = { 'x-kubernetes-int-or-string': true };

const probe = checked({
  initialDelaySeconds: wholeNumber(0),
  periodSeconds: wholeNumber(1),
  timeoutSeconds: wholeNumber(1),
  successThreshold: wholeNumber(1),
  failureThreshold: wholeNumber(1),
  httpGet: checked(
    { port: portReference, path: text, host: text, httpHeaders: list(checked({ name: text, value: text })) },
    ['port'],
  ),
  tcpSocket: checked({ port: portReference, host: text }, ['port']),
});

const container = checked(
  {
    // Also a file name: records and logs are kept by it.
    name: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 },
    image: text,
    command: list(text),
    args: list(text),
    env: list(checked({ name: text, value: text }, ['name'])),
    ports: list(
      checked(
        {
          containerPort: wholeNumber(1, 65_535),
          name: text,
          protocol: { type: 'string', enum: ['TCP', 'UDP', 'SCTP'] },
        },
        ['containerPort'],
      ),
    ),
    resources: checked({ limits: quantities, requests: quantities }),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
  },
  ['name', 'image'],
);

/** The fields of core/v1 Pod that the scheduler and the kubelet here rely on. */
export const POD_SCHEMA: StructuralSchema = checked(
  {
    spec: checked(
      {
        containers: { type: 'array', items: container },
        initContainers: list(container),
        restartPolicy: { type: 'string', enum: ['Always', 'OnFailure', 'Never'] },
        terminationGracePeriodSeconds: wholeNumber(0),
        nodeName: text,
        schedulerName: text,
        nodeSelector: texts,
        schedulingGates: list(checked({ name: text }, ['name'])),
      },
      ['containers'],
    ),
  },
  ['spec'],
);
