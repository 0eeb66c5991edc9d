import type { Environment } from '@marcbachmann/cel-js';
import { IpAddress } from './ip-address.js';

/** An address range in CIDR notation. */
class IpRange {
  constructor(
    readonly ip: IpAddress,
    readonly prefix: number,
  ) {}

  static parse(text: string): IpRange | undefined {
    const [, address = '', prefix = ''] = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
    const ip = IpAddress.parse(address);
    return ip && Number(prefix) <= ip.width ? new IpRange(ip, Number(prefix)) : undefined;
  }

  contains(other: IpRange): boolean {
    return other.prefix >= this.prefix && other.ip.isWithin(this.ip, this.prefix);
  }

  toString(): string {
    return `${this.ip.toString()}/${this.prefix}`;
  }
}

class IpNamespace {}

/** Kubernetes' IP and CIDR libraries. */
export function registerIps(environment: Environment): void {
  registerAddresses(environment);
  registerRanges(environment);
}

function registerAddresses(environment: Environment): void {
  const within = (ip: IpAddress, ...ranges: string[]): boolean =>
    ranges.some((range) => IpRange.parse(range)?.contains(new IpRange(ip, ip.width)));
  const isLoopback = (ip: IpAddress): boolean => within(ip, '127.0.0.0/8', '::1/128');
  const isLinkLocal = (ip: IpAddress): boolean => within(ip, '169.254.0.0/16', 'fe80::/10');
  const isUnspecified = (ip: IpAddress): boolean => ip.bits === 0n;
  environment
    .registerType('IP', { ctor: IpAddress, fields: {} })
    .registerOperator('IP == IP', (a: IpAddress, b: IpAddress) => a.family === b.family && a.bits === b.bits)
    .registerFunction('isIP(string): bool', (text: string) => IpAddress.parse(text) !== undefined)
    .registerFunction('ip(string): IP', address)
    .registerFunction('string(IP): string', (ip: IpAddress) => ip.toString())
    .registerFunction('IP.family(): int', (ip: IpAddress) => BigInt(ip.family))
    .registerFunction('IP.isUnspecified(): bool', isUnspecified)
    .registerFunction('IP.isLoopback(): bool', isLoopback)
    .registerFunction('IP.isLinkLocalMulticast(): bool', (ip: IpAddress) =>
      within(ip, '224.0.0.0/24', 'ff02::/16'),
    )
    .registerFunction('IP.isLinkLocalUnicast(): bool', isLinkLocal)
    .registerFunction(
      'IP.isGlobalUnicast(): bool',
      (ip: IpAddress) =>
        !isUnspecified(ip) &&
        !isLoopback(ip) &&
        !isLinkLocal(ip) &&
        !within(ip, '224.0.0.0/4', 'ff00::/8', '255.255.255.255/32'),
    )
    .registerType('IpNamespace', IpNamespace)
    .registerConstant('ip', 'IpNamespace', new IpNamespace())
    .registerFunction(
      'IpNamespace.isCanonical(string): bool',
      (_: unknown, text: string) => address(text).toString() === text,
    );
}

function registerRanges(environment: Environment): void {
  environment
    .registerType('CIDR', { ctor: IpRange, fields: {} })
    .registerOperator('CIDR == CIDR', (a: IpRange, b: IpRange) => a.toString() === b.toString())
    .registerFunction('isCIDR(string): bool', (text: string) => IpRange.parse(text) !== undefined)
    .registerFunction('cidr(string): CIDR', range)
    .registerFunction('string(CIDR): string', (cidr: IpRange) => cidr.toString())
    .registerFunction('CIDR.ip(): IP', (cidr: IpRange) => cidr.ip)
    .registerFunction('CIDR.prefixLength(): int', (cidr: IpRange) => BigInt(cidr.prefix))
    .registerFunction(
      'CIDR.masked(): CIDR',
      (cidr: IpRange) => new IpRange(cidr.ip.masked(cidr.prefix), cidr.prefix),
    )
    .registerFunction('CIDR.containsIP(string): bool', (cidr: IpRange, text: string) =>
      address(text).isWithin(cidr.ip, cidr.prefix),
    )
    .registerFunction('CIDR.containsIP(IP): bool', (cidr: IpRange, ip: IpAddress) =>
      ip.isWithin(cidr.ip, cidr.prefix),
    )
    .registerFunction('CIDR.containsCIDR(string): bool', (cidr: IpRange, text: string) =>
      cidr.contains(range(text)),
    )
    .registerFunction('CIDR.containsCIDR(CIDR): bool', (cidr: IpRange, other: IpRange) =>
      cidr.contains(other),
    );
}

function address(text: string): IpAddress {
  const ip = IpAddress.parse(text);
  if (ip) return ip;
  const quoted = JSON.stringify(text);
  throw new Error(
    `IP Address ${quoted} parse error during conversion from string: ParseAddr(${quoted}): unable to parse IP`,
  );
}

function range(text: string): IpRange {
  const cidr = IpRange.parse(text);
  if (cidr) return cidr;
  throw new Error(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
}
