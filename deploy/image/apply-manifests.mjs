// `apply-manifests --kubeconfig <file> <manifest>…`: puts the custom resource definitions of the suite and the objects
// of the manifests into a cluster, in order, as `npm start` does. Applying them again changes nothing.
import { parseArgs } from 'node:util';
import { KubernetesCluster } from '@penstock/cluster';
import {
  applyAll,
  customResourceDefinitions,
  readManifest,
} from '../../apps/penstock/dist/suite/manifest.js';

const USAGE = 'usage: apply-manifests --kubeconfig <file> <manifest>…';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { kubeconfig: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  if (!values.kubeconfig || positionals.length === 0) throw new Error(USAGE);
  const manifests = positionals.flatMap(readManifest);
  const cluster = new KubernetesCluster({ kubeconfig: values.kubeconfig, service: 'apply-manifests' });
  await applyAll(cluster, customResourceDefinitions());
  await applyAll(cluster, manifests);
  await cluster.close();
  process.stdout.write(`applied ${manifests.length} objects\n`);
  process.exit(0);
} catch (error) {
  process.stderr.write(`apply-manifests: ${error.message}\n`);
  process.exit(1);
}
