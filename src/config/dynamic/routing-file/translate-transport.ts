import type { Diagnostic } from '../../../errors.ts';
import { certificateProblems, keyPairProblems } from '../certificate-check.ts';
import { brokenTransport } from '../manifests/translate-servers-transport.ts';
import { addItem, type Translation } from '../manifests/translation.ts';
import type { KeyPath, Origin, TlsCertificateConfig } from '../model.ts';
import { serversTransport } from '../schema/routing-file.ts';
import { decodeItem, type FileItem } from './file-item.ts';
import { readText } from './read-text.ts';

export function translateTransport(translation: Translation, item: FileItem): void {
  const { name, origin, path } = item;
  const decoded = decodeItem(translation, item, serversTransport);
  if (!decoded.ok) {
    addItem(translation.serversTransports, {
      name,
      config: brokenTransport,
      origin,
      path,
      problems: [...item.problems, ...decoded.problems],
    });
    return;
  }
  const problems: Diagnostic[] = [...item.problems];
  const { rootCAs, certificates, forwardingTimeouts, peerCertURI, peerCertSANs, spiffe, ...options } = decoded.value;
  const { dialTimeout, responseHeaderTimeout, idleConnTimeout } = forwardingTimeouts;
  const config = {
    ...options,
    rootCAs: rootCAs.map((reference, index) =>
      readAuthority(translation, reference, { origin, path: [...path, 'rootCAs', index] }, problems),
    ),
    certificates: certificates.map((pair, index) =>
      readKeyPair(translation, pair, { origin, path: [...path, 'certificates', index] }, problems),
    ),
    forwardingTimeouts: { dialTimeout, responseHeaderTimeout, idleConnTimeout },
  };
  addItem(translation.serversTransports, { name, config, origin, path, problems });
}

interface Place {
  readonly origin: Origin;
  readonly path: KeyPath;
}

/** PEM of authorities; empty, with a problem, when it cannot be had. */
export function readAuthority(
  translation: Translation,
  reference: string,
  place: Place,
  problems: Diagnostic[],
): string {
  const text = readText(translation, reference, place);
  problems.push(...('value' in text ? certificateProblems(text.value, place.origin, place.path) : text.problems));
  return 'value' in text ? text.value : '';
}

/** PEM of a certificate and its key; empty, with problems, when they cannot be had. */
export function readKeyPair(
  translation: Translation,
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  { origin, path }: Place,
  problems: Diagnostic[],
): TlsCertificateConfig {
  const places = { cert: [...path, 'certFile'], key: [...path, 'keyFile'] };
  const cert = readText(translation, certFile, { origin, path: places.cert });
  const key = readText(translation, keyFile, { origin, path: places.key });
  if ('problems' in cert || 'problems' in key) {
    problems.push(...('problems' in cert ? cert.problems : []), ...('problems' in key ? key.problems : []));
    return { cert: '', key: '' };
  }
  const pair = { cert: cert.value, key: key.value };
  problems.push(...keyPairProblems(pair, origin, places.cert, places.key));
  return pair;
}
