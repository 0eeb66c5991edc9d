import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeOwnership } from './apply-contract.js';
import { describeBuiltinKinds } from './builtin-kinds-contract.js';
import { describeClaims } from './claims-contract.js';
import { ContractCluster, type ContractServer } from './contract-cluster.js';
import { describeControllers } from './controllers-contract.js';
import { describeCustomOwnership } from './custom-ownership-contract.js';
import { describeCustomResources } from './custom-resource-contract.js';
import { describeDaemonSets } from './daemon-set-contract.js';
import { describeDevices } from './device-contract.js';
import { describeDisruptions } from './disruption-contract.js';
import { describeDryRuns } from './dry-run-contract.js';
import { describeGarbageCollection } from './garbage-contract.js';
import { describeLeasesAndPods } from './lease-and-pod-contract.js';
import { describeLists } from './list-contract.js';
import { describeListOrder } from './list-order-contract.js';
import { describeMetadata } from './metadata-contract.js';
import { describeObjects } from './objects-contract.js';
import { describePatches } from './patch-contract.js';
import { describePodRules } from './pod-rules-contract.js';
import { describeRequestOptions } from './request-options-contract.js';
import { describeRuleDefinitions } from './rule-definition-contract.js';
import { describeScheduling } from './scheduling-contract.js';
import { describeValidationRules } from './validation-rules-contract.js';
import { describeWatches } from './watch-contract.js';

/**
 * What we rely on in a Kubernetes API, as tests. They speak to the server through its kubeconfig only, so that the
 * same cases can be held against the dev cluster and against a real kube-apiserver.
 */
export function describeClusterContract(makeServer: () => Promise<ContractServer>): void {
  let cluster: ContractCluster;
  const get = (): ContractCluster => cluster;
  beforeAll(async () => {
    cluster = new ContractCluster(await makeServer());
    await cluster.start();
  });
  afterAll(() => cluster?.stop());

  describe('objects', () => describeObjects(get));
  describe('dry runs', () => describeDryRuns(get));
  describe('lists', () => describeLists(get));
  describe('watches', () => describeWatches(get));
  describe('metadata', () => describeMetadata(get));
  describe('patches', () => describePatches(get));
  describe('order of lists', () => describeListOrder(get));
  describe('ownership', () => describeOwnership(get));
  describe('ownership of custom resources', () => describeCustomOwnership(get));
  describe('built-in kinds', () => describeBuiltinKinds(get));
  describe('scheduling', () => describeScheduling(get));
  describe('devices', () => describeDevices(get));
  describe('custom resources', () => describeCustomResources(get));
  describe('validation rules', () => describeValidationRules(get));
  describe('definitions with rules', () => describeRuleDefinitions(get));
  describe('request options', () => describeRequestOptions(get));
  describe('pod rules', () => describePodRules(get));
  describe('leases and pods', () => describeLeasesAndPods(get));
  describe('garbage collection', () => describeGarbageCollection(get));
  describe('controllers', () => describeControllers(get));
  describe('daemon sets', () => describeDaemonSets(get));
  describe('claims', () => describeClaims(get));
  describe('disruptions', () => describeDisruptions(get));
}
