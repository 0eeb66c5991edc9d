/** A pod that no scheduler takes, so that it stays as it is. */
export const waitingPod = (name: string, image = 'nginx:1', labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name, ...labels } },
  spec: {
    schedulerName: 'nobody',
    containers: [{ name: 'main', image, env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] }],
  },
});

/** A deployment without pods. */
export const idleDeployment = (name: string, replicas = 0) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'nginx' }] },
    },
  },
});

/** A daemon set for the nodes with a host name. */
export const daemonSet = (name: string, hostname: string) => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name, labels: { app: name } },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        nodeSelector: { 'kubernetes.io/hostname': hostname },
        containers: [{ name: 'main', image: 'nginx' }],
      },
    },
  },
});

export const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
