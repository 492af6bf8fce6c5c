import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { DynamicConfiguration, Item } from '../../src/config/dynamic/model.ts';
import { translateDocuments } from '../../src/config/dynamic/translate-documents.ts';
import { parseSource } from '../../src/config/source/parse-source.ts';
import { createKubernetesProvider } from '../../src/provider/kubernetes/kubernetes-provider.ts';
import { keptLogger } from '../support/kept-log.ts';
import { type Cluster, programs, root, startCluster } from './cluster.ts';

/**
 * The same objects mean the same, whether they come out of files or from an API server. What is compared is what the
 * file provider's fixtures and the examples hold.
 */

/** Fixtures that no API server would take, with the reason. */
const notForApiServers = new Map<string, string>([
  ['endpoint-slice-v1beta1.fixture', 'discovery.k8s.io/v1beta1 is not served any more'],
  ['endpoints.fixture', 'Endpoints are only read from files: EndpointSlices say the same'],
  ['text-with-carriage-returns-and-umlauts.fixture', 'an API server wants names in plain letters'],
  ['external-name-ipv6.fixture', 'an API server wants a DNS name'],
  ['guide-step-12-beside-step-4.fixture', 'an object cannot be there twice'],
  ['kinds-of-others.fixture', 'the other kinds are not installed'],
  ['list.fixture', 'holds a middleware without its options'],
  ['masked-lines.fixture', 'holds what is not base64'],
  ['names-are-normalised.fixture', 'an API server wants names of Services without dots'],
  ['endpoint-slice.fixture', 'holds an IPv4 address in an IPv6 slice, which is looked at only in files'],
]);

interface Case {
  readonly name: string;
  readonly yaml: string;
}

const fixtureFolder = join(root, 'src/config/dynamic/fixtures');
const fixtures: readonly Case[] = readdirSync(fixtureFolder)
  .filter((name) => name.endsWith('.fixture') && !name.startsWith('bad-') && !notForApiServers.has(name))
  .map((name) => ({
    name,
    yaml: readFileSync(join(fixtureFolder, name), 'utf8').split(`${'='.repeat(40)}\n`)[0] ?? '',
  }))
  // Manifests alone, without certificates that are made for the run.
  .filter(
    ({ yaml }) => /^apiVersion: (?:v1|traefik)/m.test(yaml) && !/^### |<[A-Z ]+(?: base64)?>|^http:|^tls:/m.test(yaml),
  );
const examples: readonly Case[] = readdirSync(join(root, 'examples')).map((name) => ({
  name: `examples/${name}`,
  yaml: readdirSync(join(root, 'examples', name))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(join(root, 'examples', name, file), 'utf8'))
    .filter((text) => /^apiVersion:/m.test(text))
    .join('\n---\n'),
}));
const cases = [...fixtures, ...examples].filter(({ yaml }) => yaml.trim() !== '');

describe.skipIf(programs === undefined)('files and an API server', () => {
  let cluster: Cluster;
  let published: DynamicConfiguration | undefined;
  const stop = new AbortController();

  beforeAll(async () => {
    cluster = await startCluster();
    const [endpoint, token, certAuthFilePath] = cluster.flags.map((flag) => flag.slice(flag.indexOf('=') + 1));
    const provider = createKubernetesProvider({
      endpoint,
      token,
      certAuthFilePath,
      namespaces: [],
      throttleDuration: 0,
      allowCrossNamespace: false,
      allowExternalNameServices: true,
      allowEmptyServices: true,
      watchIdleTimeout: 60_000,
    });
    await provider.provide(
      (update) => {
        if (update.ok) published = update.configuration;
      },
      stop.signal,
      keptLogger,
    );
  }, 90_000);
  afterAll(async () => {
    stop.abort();
    await cluster?.stop();
  });

  afterEach(async () => {
    const kinds = 'ingressroutes,middlewares,traefikservices,serverstransports,tlsoptions,tlsstores';
    await cluster.kubectl(['delete', kinds, '--all', '-A', '--now', '--wait=false']);
    const others = 'services,endpointslices,secrets,configmaps';
    const mine = '--field-selector=metadata.namespace!=kube-system,metadata.name!=kubernetes';
    await cluster.kubectl(['delete', others, mine, '-A', '--now', '--wait=false']);
  });

  test('there is enough to compare', () => expect(cases.length).toBeGreaterThan(20));

  test.each(cases)('[AR-one-translation] $name', async ({ yaml }) => {
    for (const namespace of namespacesOf(yaml)) await cluster.kubectl(['create', 'namespace', namespace]);
    const { code, output } = await cluster.kubectl(['apply', '-f', '-'], yaml);
    expect(code, output).toBe(0);
    const expected = meaningOf(translateDocuments(parseSource('case.yaml', yaml).documents).configuration);
    await expect.poll(() => published && meaningOf(published), { timeout: 5_000, interval: 30 }).toEqual(expected);
  });
});

function namespacesOf(yaml: string): Set<string> {
  const named = [...yaml.matchAll(/namespace: *([a-z0-9-]+)/g)].map(([, name]) => name ?? '');
  expect(parseAllDocuments(yaml).length).toBeGreaterThan(0);
  return new Set(named.filter((name) => name !== 'apps' && name !== 'default'));
}

/** A configuration without its origins, in an order that does not depend on who listed first. */
function meaningOf({ routers, services, middlewares, serversTransports, tls }: DynamicConfiguration): unknown {
  const items = (map: Iterable<Item<unknown>>) =>
    [...map]
      .map(({ name, config, problems }) => ({
        name,
        config: inOrder(JSON.parse(JSON.stringify(config))),
        broken: problems.some(({ severity }) => severity === 'error'),
      }))
      .sort((a, b) => a.name.localeCompare(b.name));
  return {
    routers: items(routers.values()),
    services: items(services.values()),
    middlewares: items(middlewares.values()),
    serversTransports: items(serversTransports.values()),
    certificates: items(tls.certificates),
    tlsOptions: items(tls.options.values()),
  };
}

function inOrder(config: { loadBalancer?: { servers: { url: string }[] }; secretPaths?: unknown[] }): unknown {
  config.secretPaths?.sort((a, b) => String(a).localeCompare(String(b)));
  config.loadBalancer?.servers.sort((a, b) => a.url.localeCompare(b.url));
  return config;
}
