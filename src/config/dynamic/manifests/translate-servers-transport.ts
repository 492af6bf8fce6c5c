import type { Diagnostic } from '../../../errors.ts';
import { certificateProblems, keyPairProblems } from '../certificate-check.ts';
import type { KeyPath, ServersTransportConfig } from '../model.ts';
import { serversTransport } from '../schema/servers-transport.ts';
import { objectName } from './names.ts';
import { configMapData, secretText } from './object-data.ts';
import type { IndexedObject } from './object-index.ts';
import { addItem, decodeObject, type Referrer, refer, type Translation } from './translation.ts';

/** What a broken transport stands as: nothing may be sent over it. */
export const brokenTransport: ServersTransportConfig = {
  insecureSkipVerify: false,
  rootCAs: [],
  certificates: [],
  maxIdleConnsPerHost: 0,
  disableHTTP2: false,
  cipherSuites: [],
  forwardingTimeouts: { dialTimeout: 0, responseHeaderTimeout: 0, idleConnTimeout: 0 },
};

export function translateServersTransport(translation: Translation, object: IndexedObject): void {
  const { namespace, origin } = object;
  const name = objectName(namespace, object.name);
  const decoded = decodeObject(translation, object, serversTransport);
  if (!decoded.ok) {
    addItem(translation.serversTransports, {
      name,
      config: brokenTransport,
      origin,
      path: ['spec'],
      problems: decoded.problems,
    });
    return;
  }
  const problems: Diagnostic[] = [];
  const referrer: Referrer = { namespace, origin, path: ['spec'] };
  const secret = (secretName: string, keys: readonly string[], field: KeyPath): string => {
    const found = secretText(translation, referrer, { name: secretName, keys, field });
    if ('value' in found) return found.value;
    problems.push(...found.problems);
    return '';
  };
  const authority = (pem: string, field: KeyPath): string => {
    if (pem !== '') problems.push(...certificateProblems(pem, origin, ['spec', ...field]));
    return pem;
  };
  const {
    rootCAs,
    rootCAsSecrets,
    certificatesSecrets,
    forwardingTimeouts,
    peerCertURI,
    peerCertSANs,
    spiffe,
    ...options
  } = decoded.value.spec;
  const authorities = rootCAs.map(({ secret: secretName, configMap }, index) => {
    const field: KeyPath = ['rootCAs', index, configMap === undefined ? 'secret' : 'configMap'];
    const pem =
      configMap === undefined
        ? secret(secretName ?? '', ['tls.ca', 'ca.crt'], field)
        : configMapAuthority(translation, referrer, configMap, field, problems);
    return authority(pem, field);
  });
  const legacy = rootCAsSecrets.map((secretName, index) =>
    authority(secret(secretName, ['tls.ca', 'ca.crt'], ['rootCAsSecrets', index]), ['rootCAsSecrets', index]),
  );
  const certificates = certificatesSecrets.map((secretName, index) => {
    const field: KeyPath = ['certificatesSecrets', index];
    const pair = { cert: secret(secretName, ['tls.crt'], field), key: secret(secretName, ['tls.key'], field) };
    if (pair.cert !== '' && pair.key !== '') problems.push(...keyPairProblems(pair, origin, ['spec', ...field]));
    return pair;
  });
  const { dialTimeout, responseHeaderTimeout, idleConnTimeout } = forwardingTimeouts;
  addItem(translation.serversTransports, {
    name,
    config: {
      ...options,
      rootCAs: [...authorities, ...legacy],
      certificates,
      forwardingTimeouts: { dialTimeout, responseHeaderTimeout, idleConnTimeout },
    },
    origin,
    path: ['spec'],
    problems,
  });
}

function configMapAuthority(
  translation: Translation,
  referrer: Referrer,
  name: string,
  field: KeyPath,
  problems: Diagnostic[],
): string {
  const found = configMapData(translation, referrer, name, field);
  if ('problems' in found) {
    problems.push(...found.problems);
    return '';
  }
  const pem = found.data.get('ca.crt') ?? found.data.get('tls.ca');
  if (pem !== undefined) return pem.toString();
  problems.push(
    refer(
      referrer,
      field,
      `ConfigMap ${referrer.namespace}/${name} has no key \`ca.crt\``,
      `it has: ${[...found.data.keys()].join(', ')}`,
    ),
  );
  return '';
}
