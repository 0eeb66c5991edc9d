import type { DynamoGraphDeployment, DynamoService } from '@penstock/contracts';
import { flagValue } from './flag-value.js';
import { mergeNamed } from './merge-named.js';
import { type EngineRole, type ServiceUse, serviceUse, statedRole } from './service-role.js';
import { type WorkerProgram, workerProgram } from './worker-program.js';

export type Variables = Array<Record<string, unknown> & { name: string; value?: string }>;

/** One service of a graph with everything that is read from it before it is translated. */
export interface GraphService {
  readonly name: string;
  /** `spec.services.<name>` */
  readonly field: string;
  /** Name of its clique: Dynamo's own operator makes the same one. */
  readonly clique: string;
  readonly spec: DynamoService;
  readonly use: ServiceUse;
  readonly env: Variables;
  readonly program: WorkerProgram;
  readonly statedRole: EngineRole | undefined;
  /** Name that clients ask for; undefined when the arguments tell none. */
  readonly model: string | undefined;
  readonly port: number;
}

/** Port of vLLM's server and of Dynamo's frontend. */
const DEFAULT_PORT = 8_000;

/** The services of a graph, by name. */
export function graphServices({ spec }: DynamoGraphDeployment): GraphService[] {
  return Object.entries(spec.services ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, service]) => {
      const container = service.extraPodSpec?.mainContainer ?? {};
      const env = mergeNamed(spec.envs, service.envs, container.env) as Variables;
      const program = workerProgram(container);
      const values = new Map(env.map((variable) => [variable.name, variable.value ?? '']));
      return {
        name,
        field: `spec.services.${name}`,
        clique: name.toLowerCase(),
        spec: service,
        use: serviceUse(name, service),
        env,
        program,
        statedRole: statedRole(service, program.args, values),
        model: modelOf(program.args, values, service),
        port: Number(
          flagValue(program.args, '--port') ?? flagValue(program.args, '--http-port') ?? DEFAULT_PORT,
        ),
      };
    });
}

function modelOf(
  args: readonly string[],
  env: ReadonlyMap<string, string>,
  service: DynamoService,
): string | undefined {
  const positional = args[0]?.startsWith('-') ? undefined : args[0];
  const reference = (service['modelRef'] as { name?: unknown } | undefined)?.name;
  return (
    flagValue(args, '--served-model-name') ??
    flagValue(args, '--model') ??
    (positional || env.get('VLLM_MODEL') || (typeof reference === 'string' ? reference : undefined))
  );
}
