import type { Withheld } from '../../config/dynamic/manifests/translate-objects.ts';
import type { Source } from './source.ts';

/**
 * What to say of objects that the API server refuses to show.
 *
 * @param what how the objects are called where they are told of, for instance `Secret apps/mcp-jwt-secret`
 * @param refusal the API server's own words, which name the account
 */
export function explainRefusal(what: string, source: Source, refusal: string): Withheld {
  const [, namespace, resource = source.kind] = /(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(source.path) ?? [];
  const name = source.fieldSelector?.replace(/^metadata\.name=/, '');
  const group = source.apiVersion.includes('/') ? (source.apiVersion.split('/')[0] ?? '') : '';
  const resources = group === '' ? resource : `${resource}.${group}`;
  const only = name === undefined ? '' : ` (resourceNames: [${name}])`;
  const place = namespace === undefined ? 'in all namespaces' : `in namespace \`${decodeURIComponent(namespace)}\``;
  const account = /User "([^"]+)"/.exec(refusal)?.[1] ?? 'the account of the gateway';
  return {
    message: `${what} may not be read: RBAC forbids it`,
    hint: `grant \`list\` and \`watch\` on \`${resources}\`${only} ${place} to \`${account}\``,
  };
}
