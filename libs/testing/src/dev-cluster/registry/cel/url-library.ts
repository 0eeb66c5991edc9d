import type { Environment } from '@marcbachmann/cel-js';

/** A URL in the parts the rules ask for, as Go's net/url takes it apart. */
class CelUrl {
  constructor(
    readonly scheme: string,
    readonly host: string,
    readonly path: string,
    readonly query: string,
  ) {}

  get hostname(): string {
    return this.host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  }

  get port(): string {
    return /:(\d*)$/.exec(this.host)?.[1] ?? '';
  }
}

const ABSOLUTE = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(?:[^/?#@]*@)?([^/?#\s]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?$/;
const ABSOLUTE_PATH = /^(\/[^?#]*)(?:\?([^#]*))?(?:#.*)?$/;

/** Kubernetes' URL library: an absolute URL, or an absolute path. */
export function registerUrls(environment: Environment): void {
  environment
    .registerType('Url', { ctor: CelUrl, fields: {} })
    .registerOperator('Url == Url', (a: CelUrl, b: CelUrl) => JSON.stringify(a) === JSON.stringify(b))
    .registerFunction('isURL(string): bool', (text: string) => parse(text) !== undefined)
    .registerFunction('url(string): Url', (text: string) => {
      const url = parse(text);
      if (!url)
        throw new Error(`URL parse error during conversion from string: parse ${JSON.stringify(text)}`);
      return url;
    })
    .registerFunction('Url.getScheme(): string', (url: CelUrl) => url.scheme)
    .registerFunction('Url.getHost(): string', (url: CelUrl) => url.host)
    .registerFunction('Url.getHostname(): string', (url: CelUrl) => url.hostname)
    .registerFunction('Url.getPort(): string', (url: CelUrl) => url.port)
    .registerFunction('Url.getEscapedPath(): string', (url: CelUrl) => encodeURI(decodeURI(url.path)))
    .registerFunction('Url.getQuery(): map<string, list<string>>', (url: CelUrl) => {
      const parameters = new URLSearchParams(url.query);
      return new Map([...new Set(parameters.keys())].map((key) => [key, [...parameters.getAll(key)]]));
    });
}

function parse(text: string): CelUrl | undefined {
  // An escape that means nothing, or a control character, is in no URL.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/%(?![0-9a-fA-F]{2})|[\u0000-\u001f\u007f]/.test(text)) return undefined;
  const [, scheme, host = '', path = '', query = ''] = ABSOLUTE.exec(text) ?? [];
  if (scheme !== undefined) {
    const isHost = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*)(:\d*)?$/.test(host);
    return isHost ? new CelUrl(scheme.toLowerCase(), host, path, query) : undefined;
  }
  const [, onlyPath, pathQuery = ''] = ABSOLUTE_PATH.exec(text) ?? [];
  return onlyPath === undefined ? undefined : new CelUrl('', '', onlyPath, pathQuery);
}
