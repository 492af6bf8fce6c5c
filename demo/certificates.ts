import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** A certificate with the private key that belongs to it, both PEM. */
export type KeyPair = { readonly cert: string; readonly key: string };

/** A root that signs, and one server certificate signed by it. */
export type DemoCertificates = { readonly root: KeyPair; readonly server: KeyPair };

/** Names a demo or test upstream is reached by. The first is the guide's own upstream. */
const demoHosts = ['mcp.deepwiki.com', 'localhost', '127.0.0.1'] as const;

const dayMs = 86_400_000;

/**
 * Makes a throw-away certificate authority and a server certificate for `hosts`, both valid from yesterday (clocks of
 * two machines differ) for a year. Keys are ECDSA P-256: quick to make, and accepted by every client.
 *
 * @param hosts DNS names or IP addresses, each becoming a subject alternative name; the first is also the common name.
 */
export async function createDemoCertificates(hosts: readonly string[] = demoHosts): Promise<DemoCertificates> {
  const [first] = hosts;
  if (first === undefined) throw new Error('createDemoCertificates needs at least one host name');
  const notBeforeDate = new Date(Date.now() - dayMs);
  const common = {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate: new Date(Date.now() + 365 * dayMs),
  } as const;
  const root = await generate([{ name: 'commonName', value: 'Portcullis demo root' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: first }], {
    ...common,
    ca: { key: root.private, cert: root.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: hosts.map((host) => (isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host })),
      },
    ],
  });
  return { root: { cert: root.cert, key: root.private }, server: { cert: server.cert, key: server.private } };
}
