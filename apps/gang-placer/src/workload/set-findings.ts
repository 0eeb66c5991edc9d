import type { TopologyUnavailable } from './resolve-topology.js';
import type { Finding } from './set-condition.js';
import type { Problem } from './set-model.js';

/** Most characters of a condition's message that lists fields. */
const MAX_MESSAGE = 2_000;

export function validFinding(problems: readonly Problem[]): Finding {
  if (problems.length === 0) {
    return { type: 'Valid', status: 'True', reason: 'Valid', message: 'the set is being acted upon' };
  }
  const message = problems.map((problem) => `${problem.path}: ${problem.message}`).join('; ');
  return {
    type: 'Valid',
    status: 'False',
    reason: 'InvalidSpec',
    message: `${message}. Until this is mended nothing is created or changed`.slice(0, MAX_MESSAGE),
  };
}

/** Says which fields are stored without effect: nothing is dropped silently. */
export function ignoredFinding(ignored: readonly string[]): Finding {
  const type = 'penstock.dev/FieldsIgnored';
  return ignored.length === 0
    ? { type, status: 'False', reason: 'AllFieldsUsed', message: 'every field has its effect' }
    : {
        type,
        status: 'True',
        reason: 'FieldsIgnored',
        message: `kept but without effect: ${ignored.join(', ')}`.slice(0, MAX_MESSAGE),
      };
}

export function topologyFinding(unavailable: TopologyUnavailable | undefined): Finding {
  return {
    type: 'TopologyLevelsUnavailable',
    status: unavailable?.status ?? 'False',
    reason: unavailable?.reason ?? 'AllClusterTopologyLevelsAvailable',
    message: unavailable?.message ?? 'every topology domain that the set names has its node label',
  };
}
