/** ZeroMQ has to be told when it shall connect by IPv6; where the machine has none, it then fails for IPv4 as well. */
export function isIPv6Endpoint(endpoint: string): boolean {
  return endpoint.startsWith('tcp://[');
}
