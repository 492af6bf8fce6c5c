import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findApiAccess } from './api-access.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const kubeconfig = (user: object) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'c', cluster: { server: 'https://cluster.example:6443/', 'tls-server-name': 'other.example' } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'gateways' } }],
  });

describe('the way to the API server', () => {
  test('in a pod: address from the environment, and the token is read for each request', async () => {
    const token = file('token', 'first\n');
    const certAuthFilePath = file('ca.crt', 'PEM');
    const access = await findApiAccess(
      { token, certAuthFilePath },
      { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443', POD_NAMESPACE: 'gateways' },
    );
    expect(access).toMatchObject({ server: 'https://[fd00::1]:6443', tls: { ca: 'PEM' }, namespace: 'gateways' });
    expect(await access.credentials()).toEqual({ Authorization: 'Bearer first' });
    file('token', 'second\n');
    expect(await access.credentials()).toEqual({ Authorization: 'Bearer second' });
  });

  test('an endpoint wins over the environment', async () => {
    const access = await findApiAccess(
      { endpoint: 'https://elsewhere.example/', token: 'abc', certAuthFilePath: file('ca.crt', 'PEM') },
      { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
    );
    expect(access.server).toBe('https://elsewhere.example');
  });

  test('by options alone', async () => {
    const access = await findApiAccess({ endpoint: 'http://127.0.0.1:8001', token: 'abc' }, { HOME: folder });
    expect(access).toMatchObject({ server: 'http://127.0.0.1:8001', tls: {} });
    expect(await access.credentials()).toEqual({ Authorization: 'Bearer abc' });
  });

  test('by a kubeconfig, with its context’s namespace and server name', async () => {
    const access = await findApiAccess({}, { KUBECONFIG: file('config', kubeconfig({ token: 'abc' })), HOME: folder });
    expect(access).toMatchObject({ server: 'https://cluster.example:6443', namespace: 'gateways' });
    expect(access.tls.servername).toBe('other.example');
    expect(await access.credentials()).toEqual({ Authorization: 'Bearer abc' });
  });

  test('by a kubeconfig whose user is a program', async () => {
    const answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"made"}}';
    const program = file('program', `#!/bin/sh\necho '${answer}'\n`);
    chmodSync(program, 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: program, interactiveMode: 'Never' };
    const access = await findApiAccess({}, { KUBECONFIG: file('config-exec', kubeconfig({ exec })), HOME: folder });
    expect(await access.credentials()).toEqual({ Authorization: 'Bearer made' });
  });

  test('with none of these it says what to do', async () => {
    await expect(findApiAccess({}, { HOME: folder })).rejects.toThrow(
      /Set KUBECONFIG, or providers.kubernetesCRD.endpoint/,
    );
  });

  test('a file that cannot be read is named', async () => {
    const missing = join(folder, 'missing.crt');
    const options = { endpoint: 'https://a.example', token: 'abc', certAuthFilePath: missing };
    await expect(findApiAccess(options, { HOME: folder })).rejects.toThrow(missing);
  });
});
