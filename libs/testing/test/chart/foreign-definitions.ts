import { join } from 'node:path';
import { downloadModule } from '../../src/tools/index.js';

const GATEWAY_API = {
  path: 'sigs.k8s.io/gateway-api',
  version: 'v1.4.1',
  sum: 'h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=',
};
const PROMETHEUS_OPERATOR = {
  path: 'github.com/prometheus-operator/prometheus-operator',
  version: 'v0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
};

/** Files with the definitions of Gateways, HTTPRoutes, ServiceMonitors and PrometheusRules, as their projects publish them. */
export async function foreignDefinitions(): Promise<string[]> {
  const [gateway, prometheus] = await Promise.all(
    [GATEWAY_API, PROMETHEUS_OPERATOR].map((each) => downloadModule(each)),
  );
  if (!gateway || !prometheus) throw new Error('a module has no folder');
  const routes = ['gatewayclasses', 'gateways', 'httproutes'].map((plural) =>
    join(gateway, 'config/crd/standard', `gateway.networking.k8s.io_${plural}.yaml`),
  );
  const monitoring = ['servicemonitors', 'prometheusrules'].map((plural) =>
    join(prometheus, 'example/prometheus-operator-crd', `monitoring.coreos.com_${plural}.yaml`),
  );
  return [...routes, ...monitoring];
}
