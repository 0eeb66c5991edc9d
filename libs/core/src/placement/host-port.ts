const PREFIX = 'host-port ';

/** A port of the host as a resource of which every node has one: two pods never get the same. */
export function hostPortResource(port: number, protocol = 'TCP'): string {
  return `${PREFIX}${protocol}/${port}`;
}

export function isHostPort(resource: string): boolean {
  return resource.startsWith(PREFIX);
}
