import { generate } from 'selfsigned';
import type { Item, TlsConfig, TlsOptionsConfig } from '../config/dynamic/model.ts';
import {
  type CertificatePair,
  defaultTlsBehaviour,
  type TlsBehaviour,
  type TlsSettings,
} from '../entrypoint/tls-state.ts';

const versions = { VersionTLS12: 'TLSv1.2', VersionTLS13: 'TLSv1.3' } as const;

/** Makes the certificate that is shown when no other fits: self-signed, for this process only, a year long. */
export async function makeDefaultCertificate(): Promise<CertificatePair> {
  const pair = await generate([{ name: 'commonName', value: 'PORTCULLIS DEFAULT CERT' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 365 * 86_400_000),
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: '*.localhost' },
        ],
      },
    ],
  });
  return { cert: pair.cert, key: pair.private };
}

/**
 * TLS settings of an entrypoint in a generation: certificates, options that single routers ask for by host, and for all
 * other names those that the install options name, else the ones called `default`.
 */
export function tlsSettings(
  config: TlsConfig,
  fallback: CertificatePair,
  hostOptions: ReadonlyMap<string, string>,
  own = 'default',
): TlsSettings {
  const found = findTlsOptions(config, own);
  const defaults = found !== undefined && works(found) ? found : undefined;
  const byHost = new Map<string, TlsBehaviour>();
  for (const [host, name] of hostOptions) {
    const options = config.options.get(name);
    if (options !== undefined) byHost.set(host, behaviourOf(options.config));
  }
  return {
    certificates: config.certificates.filter(works).map((item) => item.config),
    defaultCertificate: config.defaultCertificate?.config ?? fallback,
    behaviour: defaults === undefined ? defaultTlsBehaviour : behaviourOf(defaults.config),
    byHost,
  };
}

/** Options by their qualified name, or by a name as install options write it; broken ones, too. */
export function findTlsOptions(config: TlsConfig, written: string): Item<TlsOptionsConfig> | undefined {
  const exact = config.options.get(written);
  if (exact !== undefined) return exact;
  for (const [name, item] of config.options) {
    if (name.startsWith(`${written}@`) || name.startsWith(`default-${written}@`)) return item;
  }
  return undefined;
}

function works(item: Item<unknown>): boolean {
  return !item.problems.some((problem) => problem.severity === 'error');
}

/** What TLS options mean for handshakes. */
export function behaviourOf(options: TlsOptionsConfig): TlsBehaviour {
  const auth = options.clientAuth;
  return {
    minVersion: versions[options.minVersion],
    maxVersion: options.maxVersion === undefined ? undefined : versions[options.maxVersion],
    ciphers: options.cipherSuites.length === 0 ? undefined : options.cipherSuites.map(opensslName).join(':'),
    curves: options.curvePreferences.length === 0 ? undefined : options.curvePreferences.map(curveName).join(':'),
    sniStrict: options.sniStrict,
    alpnProtocols: options.alpnProtocols.length === 0 ? defaultTlsBehaviour.alpnProtocols : options.alpnProtocols,
    clientAuth:
      auth === undefined || auth.type === 'NoClientCert'
        ? undefined
        : {
            ca: auth.caFiles,
            required: auth.type === 'RequireAnyClientCert' || auth.type === 'RequireAndVerifyClientCert',
            verify: auth.type === 'VerifyClientCertIfGiven' || auth.type === 'RequireAndVerifyClientCert',
          },
  };
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` to OpenSSL; TLS 1.3 names are the same in both. */
function opensslName(name: string): string {
  if (/^TLS_(AES|CHACHA20)_/.test(name)) return name;
  return name
    .replace(/^TLS_/, '')
    .replace(/_WITH_/, '_')
    .replace(/_SHA256$/, (suffix) => (name.includes('CHACHA20') ? '' : suffix))
    .replace(/AES_(128|256)/, 'AES$1')
    .replace(/_CBC_/, '_')
    .replace(/^RSA_(?=AES)/, '')
    .replaceAll('_', '-');
}

function curveName(name: string): string {
  return { CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521', X25519MLKEM768: 'X25519MLKEM768' }[name] ?? name;
}
