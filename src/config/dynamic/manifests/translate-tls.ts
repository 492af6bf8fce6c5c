import type { Diagnostic } from '../../../errors.ts';
import { diagnose } from '../../diagnose.ts';
import { certificateProblems, keyPairProblems } from '../certificate-check.ts';
import type { Item, KeyPath, TlsCertificateConfig, TlsOptionsConfig } from '../model.ts';
import { tlsOption, tlsStore } from '../schema/tls-objects.ts';
import { objectName } from './names.ts';
import { secretText } from './object-data.ts';
import type { IndexedObject } from './object-index.ts';
import { addItem, decodeObject, type Referrer, type Translation } from './translation.ts';

/** What broken options stand as: the strictest. */
export const brokenTlsOptions: TlsOptionsConfig = {
  minVersion: 'VersionTLS13',
  cipherSuites: [],
  curvePreferences: [],
  sniStrict: true,
  alpnProtocols: ['h2', 'http/1.1'],
};

/** The TLSOption called `default` holds for every entrypoint, in whatever namespace it is. */
export function translateTlsOption(translation: Translation, object: IndexedObject): void {
  const { namespace, origin } = object;
  const name = object.name === 'default' ? 'default' : objectName(namespace, object.name);
  const decoded = decodeObject(translation, object, tlsOption);
  if (!decoded.ok) {
    addItem(translation.tlsOptions, {
      name,
      config: brokenTlsOptions,
      origin,
      path: ['spec'],
      problems: decoded.problems,
    });
    return;
  }
  const { clientAuth, disableSessionTickets, ...options } = decoded.value.spec;
  const problems: Diagnostic[] = [];
  const caFiles = (clientAuth?.secretNames ?? []).flatMap((secretName, index) => {
    const field: KeyPath = ['clientAuth', 'secretNames', index];
    const found = secretText(
      translation,
      { namespace, origin, path: ['spec'] },
      { name: secretName, keys: ['tls.ca', 'ca.crt'], field },
    );
    if ('problems' in found) {
      problems.push(...found.problems);
      return [];
    }
    problems.push(...certificateProblems(found.value, origin, ['spec', ...field]));
    return [found.value];
  });
  addItem(translation.tlsOptions, {
    name,
    config: { ...options, ...clientAuthOf(clientAuth?.clientAuthType, caFiles) },
    origin,
    path: ['spec'],
    problems,
  });
}

/** Authorities without a word on what to do with them mean that a certificate is demanded. */
export function clientAuthOf(
  type: string | undefined,
  caFiles: readonly string[],
): Pick<TlsOptionsConfig, 'clientAuth'> {
  const wanted = type ?? (caFiles.length > 0 ? 'RequireAndVerifyClientCert' : 'NoClientCert');
  return wanted === 'NoClientCert' ? {} : { clientAuth: { caFiles, type: wanted } };
}

export function translateTlsStore(translation: Translation, object: IndexedObject): void {
  const { namespace, origin } = object;
  const decoded = decodeObject(translation, object, tlsStore);
  if (!decoded.ok) {
    translation.problems.push(...decoded.problems);
    return;
  }
  if (object.name !== 'default') {
    const message = 'only the store called `default` is used';
    translation.problems.push(
      diagnose(origin, ['metadata', 'name'], { code: 'CONFIG_UNSUPPORTED', severity: 'warning', message }),
    );
    return;
  }
  const { certificates, defaultCertificate } = decoded.value.spec;
  certificates.forEach(({ secretName }, index) => {
    const problems = addCertificate(
      translation,
      secretName,
      { namespace, origin, path: ['spec', 'certificates', index] },
      ['secretName'],
    );
    translation.problems.push(...problems);
  });
  if (defaultCertificate === undefined) return;
  const referrer = { namespace, origin, path: ['spec', 'defaultCertificate'] };
  translation.defaultCertificates.push(
    certificateItem(translation, defaultCertificate.secretName, referrer, ['secretName']),
  );
}

/** Adds the certificate of a Secret, once however many routes refer to it. */
export function addCertificate(
  translation: Translation,
  secretName: string,
  referrer: Referrer,
  field: KeyPath,
): readonly Diagnostic[] {
  const item = certificateItem(translation, secretName, referrer, field);
  const usable = !item.problems.some(({ severity }) => severity === 'error');
  if (usable && !translation.certificates.has(item.name)) translation.certificates.set(item.name, item);
  return item.problems;
}

function certificateItem(
  translation: Translation,
  secretName: string,
  referrer: Referrer,
  field: KeyPath,
): Item<TlsCertificateConfig> {
  const text = (key: string) => secretText(translation, referrer, { name: secretName, keys: [key], field });
  const [cert, key] = [text('tls.crt'), text('tls.key')];
  const path = [...referrer.path, ...field];
  const item = { name: objectName(referrer.namespace, secretName), origin: referrer.origin, path };
  if ('problems' in cert) return { ...item, config: { cert: '', key: '' }, problems: cert.problems };
  if ('problems' in key) return { ...item, config: { cert: '', key: '' }, problems: key.problems };
  const config = { cert: cert.value, key: key.value };
  return { ...item, config, problems: keyPairProblems(config, referrer.origin, path) };
}
