import { X509Certificate } from 'node:crypto';
import type { Gauge } from '../telemetry/metrics/instruments.ts';

interface CertificateFacts {
  readonly labels: readonly [commonName: string, serial: string, names: string];
  /** Seconds since 1970. */
  readonly end: number;
}

/** Lets the gauge tell until when the certificates are valid, whenever somebody asks. `certificates` gives PEM texts. */
export function watchCertificates(gauge: Gauge, certificates: () => readonly string[]): void {
  let known = new Map<string, CertificateFacts>();
  gauge.observe = () => {
    const current = new Map<string, CertificateFacts>();
    for (const pem of certificates()) current.set(pem, known.get(pem) ?? readCertificate(pem));
    known = current;
    const shown = new Set([...current.values()].map(({ labels }) => labels.join('\n')));
    gauge.series.forget((labels) => !shown.has(labels.join('\n')));
    for (const { labels, end } of current.values()) gauge.set(end, ...labels);
  };
}

/** The first certificate of a chain is the one that counts. */
function readCertificate(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:') || name.startsWith('IP Address:'))
    .map((name) => name.replace(/^[^:]*:/, ''));
  return {
    labels: [commonName, certificate.serialNumber, names.toSorted().join(',')],
    end: Math.floor(certificate.validToDate.getTime() / 1_000),
  };
}
