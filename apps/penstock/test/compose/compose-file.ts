import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../../src/suite/workspace.js';

/** Name of the image of the suite, without its tag. */
export const OWN_IMAGE = 'penstock/penstock:';

export interface ComposeService {
  readonly image: string;
  readonly command: readonly string[];
  readonly network_mode?: string;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** docker-compose.yml with its merges carried out. */
export function readComposeFile(): ComposeFile {
  return parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
}

/** Services of the image of the suite; the others come from elsewhere. */
export function ownServices({ services }: ComposeFile): Array<[name: string, service: ComposeService]> {
  return Object.entries(services).filter(([, { image }]) => image.startsWith(OWN_IMAGE));
}

/** `<ip>:<published>:<port>` in parts. */
export function portsOf(service: ComposeService): Array<{ ip: string; published: number; port: number }> {
  return (service.ports ?? []).map((text) => {
    const [ip = '', published, port] = text.split(':');
    return { ip, published: Number(published), port: Number(port) };
  });
}

/** Ports that the command of a service names. */
export function listenersOf({ command }: ComposeService): number[] {
  return command.flatMap((word) => {
    const port = /^--[a-z-]*port=(\d+)$/.exec(word)?.[1];
    return port === undefined ? [] : [Number(port)];
  });
}
