import fc from 'fast-check';
import { exchangeId } from '../../src/http/exchange-id.ts';
import { newFacts, type RequestFacts } from '../../src/http/facts.ts';
import type { ExchangeOverrides } from './exchange.ts';

/** The id of a decision about an exchange, by the numbers of both. */
export function decisionId(exchange: number, decision: number): string {
  return `${exchangeId(exchange)}-${decision.toString(36)}`;
}

const startedAtWall = Date.parse('2025-10-10T13:55:36.123Z');

/** Facts of a request that began at 1,000 ms and was proxied, with what a test says otherwise. */
export function proxiedFacts(more: Partial<RequestFacts> = {}): RequestFacts {
  return {
    ...newFacts(),
    startedAt: 1000,
    startedAtWall,
    router: 'apps-mcp@file',
    service: 'apps-wiki@file',
    serverUrl: 'https://wiki.example:443',
    originStatus: 200,
    originDuration: 30,
    username: 'dev-user',
    requestBytes: 120,
    replyBytes: 3456,
    ...more,
  };
}

/** Requests that have much in common, but nothing always. */
export const finishedRequests: fc.Arbitrary<{ readonly exchange: ExchangeOverrides; readonly status: number }> =
  fc.record({
    status: fc.constantFrom(200, 403),
    exchange: fc.record({
      method: fc.constantFrom('POST', 'GET'),
      path: fc.constantFrom('/wiki/mcp', '/"'),
      number: fc.constantFrom(1, 40),
      origin: fc.constantFrom('http://a', 'https://a', 'http://b', 'http://a:8000', 'http://a:8001'),
      protocol: fc.constantFrom('1.1', '2'),
      entrypoint: fc.constantFrom('web', 'websecure'),
      peerAddress: fc.constantFrom('127.0.0.1', '::1'),
      clientAddress: fc.constantFrom('127.0.0.1', '192.0.2.1'),
      facts: fc
        .record({
          router: fc.constantFrom('a@file', 'b@file', undefined),
          service: fc.constantFrom('c@file', undefined),
          serverUrl: fc.constantFrom('https://wiki.example:443', undefined),
          generation: fc.constantFrom(1, 2),
          username: fc.constantFrom('dev', 'adm\u00efn', undefined),
          originStatus: fc.constantFrom(200, 404, undefined),
          retryAttempts: fc.constantFrom(0, 1),
          errorType: fc.constantFrom('denied', undefined),
          mcp: fc.option(
            fc.record({
              kind: fc.constantFrom('request', 'notification'),
              era: fc.constantFrom('legacy', 'modern'),
              method: fc.constantFrom('tools/call', 'resources/read'),
              name: fc.constantFrom('a', 'b', undefined),
              uri: fc.constantFrom('file:///a', 'file:///b', undefined),
              requestId: fc.constantFrom('1', undefined),
              sessionId: fc.constantFrom('s', undefined),
              protocolVersion: fc.constantFrom('2025-11-25', undefined),
              errorCode: fc.constantFrom(403, undefined),
              toolError: fc.boolean(),
              hidden: fc.constantFrom(0, 1),
              offered: fc.constant(undefined),
            }),
            { nil: undefined },
          ),
          decision: fc.option(
            fc
              .record({
                number: fc.constantFrom(1, 2),
                outcome: fc.constantFrom('allow', 'deny'),
                reason: fc.constantFrom('rule', 'default'),
                rule: fc.constantFrom(1, undefined),
                ruleName: fc.constantFrom('admins', undefined),
                middleware: fc.constantFrom('x@file', 'y@file'),
              })
              .map((decision) => ({ ...decision, id: decisionId(1, decision.number) })),
            { nil: undefined },
          ),
        })
        .map(proxiedFacts),
    }),
  });

type Tree = Readonly<Record<string, unknown>>;

/** The first between others that each have one leaf of the second. */
export function neighbours<Kind extends object>(one: Kind, other: Kind): readonly Kind[] {
  return Object.keys(one).flatMap((key) => {
    const [mine, theirs] = [(one as Tree)[key], (other as Tree)[key]];
    const isBranch = [mine, theirs].every((value) => typeof value === 'object' && value !== null);
    const values = isBranch ? neighbours(mine as Tree, theirs as Tree) : [theirs];
    return [one, ...values.map((value) => ({ ...one, [key]: value }))];
  });
}
