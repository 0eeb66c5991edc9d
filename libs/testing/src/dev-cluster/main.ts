import { Command, InvalidArgumentError } from 'commander';
import type { ImageCommand } from './dev-cluster-options.js';
import { parseImageFlag } from './kubelet/image-commands.js';
import { startDevCluster } from './start-dev-cluster.js';

interface Flags {
  dataDir: string;
  host: string;
  port: number;
  podCidr: string;
  nodes: number;
  gpusPerNode: number;
  gpuProduct: string;
  image: Record<string, ImageCommand>;
  kubeconfig?: string;
  fsync: boolean;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('expected a whole number of at least 0');
  return value;
}

function image(flag: string, known: Record<string, ImageCommand>): Record<string, ImageCommand> {
  try {
    const [name, command] = parseImageFlag(flag);
    return { ...known, [name]: command };
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

const program = new Command('dev-cluster')
  .description('A Kubernetes API in one process, with a simulated kubelet that runs pods as processes')
  .requiredOption(
    '--data-dir <folder>',
    'objects, process records and logs; the same folder continues where it stopped',
  )
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <port>', 'port to listen on; 0 takes any free one', wholeNumber, 6443)
  .option('--pod-cidr <range>', 'pod addresses, within 127.0.0.0/8', '127.20.0.0/16')
  .option('--nodes <count>', 'simulated nodes', wholeNumber, 2)
  .option('--gpus-per-node <count>', 'nvidia.com/gpu of each node', wholeNumber, 8)
  .option('--gpu-product <name>', 'nvidia.com/gpu.product label of the nodes', 'NVIDIA-H100-80GB-HBM3')
  .option(
    '--image <name=command>',
    'what to run in place of an image; repeatable; name=prog arg…, name=["prog","arg"] or name={"command":["prog"],"ownCommand":"append"} to keep a container\'s own command',
    image,
    {},
  )
  .option('--kubeconfig <file>', 'where to write a kubeconfig (mode 0600)')
  .option('--fsync', 'wait for the disk on every write', false)
  .parse();

const { image: images, kubeconfig: kubeconfigPath, ...rest } = program.opts<Flags>();
try {
  const cluster = await startDevCluster({ ...rest, images, kubeconfigPath });
  process.stdout.write(`${JSON.stringify({ ready: true, url: cluster.url, pid: process.pid })}\n`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void cluster.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  process.stderr.write(`dev cluster: ${(error as Error).message}\n`);
  process.exit(1);
}
