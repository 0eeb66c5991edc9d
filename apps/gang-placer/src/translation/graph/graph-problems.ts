import type { DynamoGraphDeployment } from '@penstock/contracts';
import type { TranslationProblem } from '../translation.js';
import type { GraphService } from './graph-service.js';
import { KEEP_FRONTEND_ANNOTATION } from './keep-frontend.js';

const CLIQUE_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** What must change in a graph before it can run: every mistake, not the first. */
export function graphProblems(
  graph: DynamoGraphDeployment,
  services: readonly GraphService[],
  kept: readonly GraphService[],
  keepsFrontend: boolean,
): TranslationProblem[] {
  const problems = [...services.flatMap(ofService)];
  const engines = kept.filter(({ use }) => use === 'engine');
  if (engines.length === 0) {
    problems.push({ field: 'spec.services', message: 'holds no worker: nothing could answer; add one' });
  } else if (!keepsFrontend && engines.every(({ statedRole }) => statedRole === 'prefill')) {
    const message = 'holds only prefill workers: nothing could answer; add one that decodes';
    problems.push({ field: 'spec.services', message });
  }
  for (const service of kept) {
    if (!service.spec.extraPodSpec?.mainContainer?.image) {
      const field = `${service.field}.extraPodSpec.mainContainer.image`;
      problems.push({ field, message: 'is missing: name the image to run' });
    }
    const twin = kept.find((other) => other.clique === service.clique && other !== service);
    if (twin) {
      const message = `has the clique name ${service.clique} like ${twin.name}: rename one of them`;
      problems.push({ field: service.field, message });
    }
  }
  if (!keepsFrontend)
    problems.push(...engines.flatMap((service) => unreachable(graph, service)), ...ports(engines));
  return problems;
}

function ofService({ name, field, clique, spec, port }: GraphService): TranslationProblem[] {
  const problems: TranslationProblem[] = [];
  if (!CLIQUE_NAME.test(clique)) {
    problems.push({
      field,
      message: `${JSON.stringify(name)} must consist of letters, digits and "-": rename it`,
    });
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    problems.push({
      field: `${field}.extraPodSpec.mainContainer.args`,
      message: '--port must be 1 to 65535',
    });
  }
  const nodes = (spec['multinode'] as { nodeCount?: unknown } | undefined)?.nodeCount;
  if (nodes !== undefined && nodes !== 1) {
    const message = `an engine across ${String(nodes)} nodes is not supported: use an engine that fits one node`;
    problems.push({ field: `${field}.multinode`, message });
  }
  return problems;
}

/** Workers that only Dynamo's frontend can reach. */
function unreachable(
  { spec }: DynamoGraphDeployment,
  { field, program, model }: GraphService,
): TranslationProblem[] {
  const args = `${field}.extraPodSpec.mainContainer.args`;
  const framework = program.name === 'dynamo' ? program.module : spec.backendFramework;
  if (
    program.name === 'dynamo' ||
    (framework !== undefined && framework !== 'vllm' && program.name !== 'vllm')
  ) {
    const message = `${framework} can only be reached through Dynamo's frontend: keep it with the annotation ${KEEP_FRONTEND_ANNOTATION}: "true", or run vLLM`;
    return [{ field: `${field}.extraPodSpec.mainContainer.command`, message }];
  }
  if (model === undefined) return [{ field: args, message: 'names no model: add --model' }];
  return [];
}

/** One InferencePool has one port. */
function ports(engines: readonly GraphService[]): TranslationProblem[] {
  const [first, ...others] = engines;
  return others
    .filter(({ port, model }) => first && model === first.model && port !== first.port)
    .map(({ field, port }) => ({
      field: `${field}.extraPodSpec.mainContainer.args`,
      message: `--port ${port} differs from ${first?.port} of ${first?.name}: workers of one model share a port`,
    }));
}
