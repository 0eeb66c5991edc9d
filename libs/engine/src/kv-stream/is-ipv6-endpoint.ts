/** ZeroMQ has to be told to use IPv6; where the machine has none, it then fails for IPv4 as well. */
export function isIPv6Endpoint(endpoint: string): boolean {
  return endpoint.startsWith('tcp://[');
}
