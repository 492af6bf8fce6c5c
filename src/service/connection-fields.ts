/** Fields that belong to one connection, RFC 9110 §7.6.1, and what RFC 9113 and old proxies add; never passed on, either way. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** The names, lower case, that a `Connection` field lists; `close` and `keep-alive` are among them. */
export function nominatedBy(value: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const part of value.toLowerCase().split(',')) {
    const name = part.trim();
    if (name !== '') names.add(name);
  }
  return names;
}
