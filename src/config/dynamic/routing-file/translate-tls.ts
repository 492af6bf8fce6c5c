import type { Diagnostic } from '../../../errors.ts';
import { decode, valueAt } from '../../decode.ts';
import { diagnose } from '../../diagnose.ts';
import { brokenTlsOptions, clientAuthOf } from '../manifests/translate-tls.ts';
import { addItem, refuseUnsupported, type Translation } from '../manifests/translation.ts';
import type { KeyPath, Origin } from '../model.ts';
import { certificate, tlsOption, tlsStore } from '../schema/routing-file.ts';
import { decodeItem, type FileItem, itemsOf } from './file-item.ts';
import { fileProvider } from './file-names.ts';
import { readAuthority, readKeyPair } from './translate-transport.ts';

export function translateTls(translation: Translation, value: unknown, origin: Origin): void {
  const certificates = valueAt(value, ['tls', 'certificates']);
  if (Array.isArray(certificates)) {
    certificates.forEach((entry: unknown, index) => {
      addCertificate(translation, entry, { ...origin, label: `certificate ${index}` }, ['tls', 'certificates', index]);
    });
  }
  for (const item of itemsOf(value, origin, ['tls', 'options'], 'TLS options')) translateOptions(translation, item);
  for (const item of itemsOf(value, origin, ['tls', 'stores'], 'TLS store')) translateStore(translation, item);
}

function addCertificate(translation: Translation, entry: unknown, origin: Origin, path: KeyPath): void {
  const decoded = refuseUnsupported(translation, certificate, decode(certificate, entry, origin, path), {
    value: entry,
    origin,
    path,
  });
  if (!decoded.ok) {
    translation.problems.push(...decoded.problems);
    return;
  }
  const problems: Diagnostic[] = [];
  const config = readKeyPair(translation, decoded.value, { origin, path }, problems);
  const name = `certificate-${translation.certificates.size}@${fileProvider}`;
  translation.certificates.set(name, { name, config, origin, path, problems });
}

function translateOptions(translation: Translation, item: FileItem): void {
  const { origin, path } = item;
  const name = item.path.at(-1) === 'default' ? 'default' : item.name;
  const decoded = decodeItem(translation, item, tlsOption);
  const problems: Diagnostic[] = [...item.problems];
  if (!decoded.ok) {
    addItem(translation.tlsOptions, {
      name,
      config: brokenTlsOptions,
      origin,
      path,
      problems: [...problems, ...decoded.problems],
    });
    return;
  }
  const { clientAuth, disableSessionTickets, ...options } = decoded.value;
  const caFiles = (clientAuth?.caFiles ?? []).map((reference, index) =>
    readAuthority(translation, reference, { origin, path: [...path, 'clientAuth', 'caFiles', index] }, problems),
  );
  const config = { ...options, ...clientAuthOf(clientAuth?.clientAuthType, caFiles) };
  addItem(translation.tlsOptions, { name, config, origin, path, problems });
}

function translateStore(translation: Translation, item: FileItem): void {
  const { origin, path } = item;
  if (path.at(-1) !== 'default') {
    const problem = {
      code: 'CONFIG_UNSUPPORTED',
      severity: 'warning',
      message: 'only the store called `default` is used',
    } as const;
    translation.problems.push(diagnose(origin, path, problem, { key: true }));
    return;
  }
  const decoded = decodeItem(translation, item, tlsStore);
  translation.problems.push(...item.problems, ...(decoded.ok ? [] : decoded.problems));
  if (!decoded.ok || decoded.value.defaultCertificate === undefined) return;
  const problems: Diagnostic[] = [];
  const at = [...path, 'defaultCertificate'];
  const config = readKeyPair(translation, decoded.value.defaultCertificate, { origin, path: at }, problems);
  translation.defaultCertificates.push({ name: `default@${fileProvider}`, config, origin, path: at, problems });
}
