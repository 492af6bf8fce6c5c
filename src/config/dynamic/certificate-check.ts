import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Diagnostic } from '../../errors.ts';
import { diagnose } from '../diagnose.ts';
import type { KeyPath, Origin, TlsCertificateConfig } from './model.ts';

const pemCertificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Problems of a PEM text that should hold certificates. Nothing of the text is repeated. */
export function certificateProblems(pem: string, origin: Origin, path: KeyPath): Diagnostic[] {
  const blocks = pem.match(pemCertificate);
  if (blocks === null)
    return [
      problem(origin, path, 'error', 'this is not a PEM certificate', 'it begins with -----BEGIN CERTIFICATE-----'),
    ];
  for (const block of blocks) {
    const certificate = readCertificate(block);
    if (certificate === undefined) return [problem(origin, path, 'error', 'this certificate cannot be read')];
    if (certificate.validToDate.getTime() < Date.now()) {
      return [
        problem(
          origin,
          path,
          'warning',
          `this certificate ended on ${certificate.validToDate.toISOString().slice(0, 10)}`,
        ),
      ];
    }
  }
  return [];
}

/** Problems of a certificate and the private key that should belong to it. */
export function keyPairProblems(
  pair: TlsCertificateConfig,
  origin: Origin,
  path: KeyPath,
  keyPath: KeyPath = path,
): Diagnostic[] {
  const problems = certificateProblems(pair.cert, origin, path);
  if (problems.some(({ severity }) => severity === 'error')) return problems;
  const key = readKey(pair.key);
  if (key === undefined) {
    const hint = 'it begins with -----BEGIN PRIVATE KEY----- and has no passphrase';
    return [...problems, problem(origin, keyPath, 'error', 'the private key cannot be read', hint)];
  }
  const [leaf = ''] = pair.cert.match(pemCertificate) ?? [];
  if (readCertificate(leaf)?.checkPrivateKey(key) !== true) {
    problems.push(problem(origin, keyPath, 'error', 'the private key does not belong to the certificate'));
  }
  return problems;
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function readKey(pem: string): ReturnType<typeof createPrivateKey> | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function problem(
  origin: Origin,
  path: KeyPath,
  severity: Diagnostic['severity'],
  message: string,
  hint?: string,
): Diagnostic {
  return diagnose(origin, path, { code: 'CONFIG_INVALID_VALUE', severity, message, hint });
}
