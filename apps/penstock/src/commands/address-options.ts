import { type Command, InvalidArgumentError, Option } from 'commander';
import { SuiteState } from '../suite/state.js';
import { homeDirectory } from '../suite/workspace.js';
import {
  type Addresses,
  addressesOfSuite,
  GRPC_SERVICES,
  type GrpcServiceName,
  SERVICES,
  type ServiceName,
} from './addresses.js';

/** What the flags of `addressOptions` are parsed into. */
export interface AddressFlags {
  readonly scheduler?: string[];
  readonly kvIndex?: string[];
  readonly gangPlacer?: string[];
  readonly kvOffload?: string[];
  readonly metrics?: Partial<Record<ServiceName, string[]>>;
  readonly frontDoor?: string;
  readonly natsUrl?: string[];
  readonly redisUrl?: string[];
  readonly kubeconfig?: string;
  readonly context?: string;
}

const HOST_AND_PORT = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/;

/** Every address flag, in the order of the help. */
function options(): Option[] {
  const grpc = (service: GrpcServiceName) =>
    new Option(
      `--${service} <host:port>`,
      `gRPC address of ${service}; several with commas between`,
    ).argParser(hostPorts(`--${service}`));
  return [
    ...GRPC_SERVICES.map(grpc),
    new Option(
      '--metrics <service=url>',
      `metrics page of a service, e.g. scheduler=http://10.0.0.7:9090; several with commas between`,
    ).argParser(metricsPages),
    new Option('--front-door <url>', "the scheduler's OpenAI API, e.g. http://10.0.0.7:8080").argParser(
      url('--front-door', ['http:', 'https:']),
    ),
    new Option('--nats-url <url>', 'NATS servers, nats://host:port; several with commas between').argParser(
      urls('--nats-url', ['nats:', 'tls:']),
    ),
    new Option(
      '--redis-url <url>',
      'Redis or Valkey, redis://host:port; several with commas between',
    ).argParser(urls('--redis-url', ['redis:', 'rediss:'])),
    new Option('--kubeconfig <file>', 'kubeconfig of the cluster'),
    new Option('--context <name>', 'context of the kubeconfig (default: its current one)'),
  ];
}

/** `--kv-index` ↔ `PENSTOCK_KV_INDEX`, as for the services' own settings. */
const variableOf = (option: Option): string => `PENSTOCK_${option.name().replaceAll('-', '_').toUpperCase()}`;

/** Environment variables of the address flags: for these commands only, services refuse what they do not know. */
export const addressVariables = (): string[] => options().map(variableOf);

/** Adds the flags that say where an installation is; each may also be an environment variable. */
export function addressOptions(command: Command): Command {
  for (const option of options()) command.addOption(option.env(variableOf(option)));
  return command.addHelpText(
    'after',
    '\nWithout an address the suite that runs on this machine is asked. With any, only what was given is looked at.',
  );
}

/** Where to look: what was given, else the running suite; undefined when there is neither. */
export function resolveAddresses(flags: AddressFlags): Addresses | undefined {
  const { metrics, frontDoor, natsUrl, redisUrl, kubeconfig, context } = flags;
  const grpc = {
    scheduler: flags.scheduler,
    'kv-index': flags.kvIndex,
    'gang-placer': flags.gangPlacer,
    'kv-offload': flags.kvOffload,
  };
  const given = [...Object.values(grpc), metrics, frontDoor, natsUrl, redisUrl, kubeconfig, context];
  if (given.some((value) => value !== undefined)) {
    return {
      grpc,
      metrics: metrics ?? {},
      frontDoor,
      natsUrls: natsUrl,
      redisUrls: redisUrl,
      kubeconfig,
      context,
    };
  }
  const suite = new SuiteState(homeDirectory()).running();
  return suite && addressesOfSuite(suite);
}

function hostPorts(flag: string): (text: string) => string[] {
  return (text) =>
    text.split(',').map((part) => {
      const port = Number(HOST_AND_PORT.exec(part.trim())?.[2]);
      if (!(port >= 1 && port <= 65_535))
        throw new InvalidArgumentError(`${flag} takes host:port, e.g. 127.0.0.1:9101.`);
      return part.trim();
    });
}

function url(flag: string, protocols: readonly string[]): (text: string) => string {
  return (text) => {
    const parsed = URL.parse(text.trim());
    if (!parsed?.host || !protocols.includes(parsed.protocol))
      throw new InvalidArgumentError(`${flag} takes a URL like ${protocols[0]}//host:port.`);
    return text.trim().replace(/\/$/, '');
  };
}

function urls(flag: string, protocols: readonly string[]): (text: string) => string[] {
  return (text) => text.split(',').map(url(flag, protocols));
}

function metricsPages(
  text: string,
  before: Partial<Record<ServiceName, string[]>> = {},
): Partial<Record<ServiceName, string[]>> {
  const pages = { ...before };
  for (const part of text.split(',')) {
    const [name, address = ''] = part.trim().split(/=(.*)/s);
    const service = SERVICES.find((known) => known === name);
    if (!service)
      throw new InvalidArgumentError(
        `--metrics takes service=url, with a service of ${SERVICES.join(', ')}.`,
      );
    pages[service] = [...(pages[service] ?? []), url('--metrics', ['http:', 'https:'])(address)];
  }
  return pages;
}
