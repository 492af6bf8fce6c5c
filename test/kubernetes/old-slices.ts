import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/** A way to an API server on which it looks as those before 1.21 did: EndpointSlices only as `v1beta1`. */
export interface OldSlices {
  readonly url: string;
  /** Paths below `/apis/discovery.k8s.io` that were asked for. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

const group = '/apis/discovery.k8s.io';

/**
 * The API servers that can be built today serve `v1` alone, so this stands between: everything is the real API server's,
 * but slices are told in the form of the beta (the node and the zone of an endpoint stood in a `topology` then, and there
 * were no hints), and `v1` is not there.
 */
export async function startOldSlices(server: string, certificate: string): Promise<OldSlices> {
  const agent = new Agent({ ca: readFileSync(certificate), keepAlive: true });
  const asked: string[] = [];

  const proxy = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    if (!path.startsWith(group)) return forward(incoming, outgoing, path, (answer) => answer.pipe(outgoing));
    asked.push(path);
    if (path === group) {
      const version = { groupVersion: 'discovery.k8s.io/v1beta1', version: 'v1beta1' };
      const body = { kind: 'APIGroup', apiVersion: 'v1', versions: [version], preferredVersion: version };
      return void outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
    if (!path.startsWith(`${group}/v1beta1/`)) return void outgoing.writeHead(404).end('404 page not found\n');
    forward(incoming, outgoing, path.replace('/v1beta1/', '/v1/'), (answer) => {
      // A list is one line, and so is each event of a watch.
      createInterface({ input: answer })
        .on('line', (line) => outgoing.write(`${JSON.stringify(inOldWords(JSON.parse(line)))}\n`))
        .on('error', () => outgoing.destroy())
        .on('close', () => outgoing.end());
    });
  });

  function forward(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    path: string,
    pass: (answer: IncomingMessage) => void,
  ): void {
    const { method, headers } = incoming;
    const onward = httpsRequest(server + path, {
      agent,
      method,
      headers: { ...headers, 'accept-encoding': 'identity' },
    });
    onward.on('response', (answer) => {
      const { 'content-length': _length, ...kept } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, kept);
      outgoing.flushHeaders();
      answer.on('error', () => outgoing.destroy());
      pass(answer);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }

  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    async close() {
      proxy.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function inOldWords(value: Fields): Fields {
  const { apiVersion, object, items, endpoints, ...others } = value;
  return {
    ...others,
    ...(apiVersion === undefined ? {} : { apiVersion: String(apiVersion).replace('discovery.k8s.io/v1', '$&beta1') }),
    ...(object === undefined ? {} : { object: inOldWords(object as Fields) }),
    ...(items === undefined ? {} : { items: (items as Fields[]).map(inOldWords) }),
    ...(endpoints === undefined ? {} : { endpoints: (endpoints as Fields[]).map(endpointInOldWords) }),
  };
}

function endpointInOldWords(endpoint: Fields): Fields {
  const { nodeName, zone, deprecatedTopology, hints: _hints, ...others } = endpoint;
  const topology = {
    ...(deprecatedTopology as Fields | undefined),
    ...(nodeName === undefined ? {} : { 'kubernetes.io/hostname': nodeName }),
    ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
  };
  return { ...others, topology };
}
