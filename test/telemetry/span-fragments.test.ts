import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RequestFacts } from '../../src/http/facts.ts';
import { ByteWriter } from '../../src/telemetry/byte-writer.ts';
import { compileEnvelope } from '../../src/telemetry/otlp/envelope.ts';
import { RequestSpans } from '../../src/telemetry/tracing/request-trace.ts';
import { writeSpans } from '../../src/telemetry/tracing/spans.ts';
import { type ExchangeOverrides, testExchange } from '../support/exchange.ts';
import { finishedRequests, neighbours, proxiedFacts } from '../support/finished-requests.ts';
import { attributesOf, decodeRequest } from './otlp-schema.ts';

interface DecodedSpan {
  readonly name: string;
  readonly kind: number;
  readonly attributes: unknown;
  readonly status?: { readonly code: number };
}

interface DecodedTraces {
  readonly resources: readonly { readonly scopes: readonly { readonly spans: readonly DecodedSpan[] }[] }[];
}

interface Ended {
  readonly exchange: ExchangeOverrides;
  readonly status: number;
  readonly aliases: boolean;
}

const envelope = compileEnvelope({});
const traced = { sample: () => true, intoMessage: false, captureArguments: false, captureResults: false };
const began = { authenticationStart: 1_001, decisionStart: 1_002, decisionEnd: 1_003, originStart: 1_004 };
const captured = { capturedRequestHeaders: [], capturedResponseHeaders: [], safeQueryParams: [] };

/** What the spans of a request say, but for ids and times. */
function spansOf({ exchange, status, aliases }: Ended): unknown {
  const out = new ByteWriter();
  out.skip(envelope.room);
  const facts: RequestFacts = { ...proxiedFacts(), ...exchange.facts, ...began };
  const trace = new RequestSpans(traced, undefined, undefined);
  writeSpans(
    out,
    { exchange: testExchange({ ...exchange, facts }), status, end: 1_042, trace },
    { ...captured, aliases },
  );
  const { resources } = decodeRequest('Traces', envelope.close(out)) as unknown as DecodedTraces;
  return resources[0]?.scopes[0]?.spans.map(({ name, kind, attributes, status: ended }) => ({
    name,
    kind,
    ended,
    attributes: attributesOf(attributes),
  }));
}

/** Other requests than any that a test makes, as many as are remembered. */
function forget(): void {
  for (let index = 0; index < 8; index++) {
    const mcp = { kind: 'request', era: 'legacy', method: `forget/${index}`, toolError: false, hidden: 0 } as const;
    const none = { name: undefined, offered: undefined, uri: undefined, requestId: undefined, sessionId: undefined };
    const decision = {
      id: '',
      outcome: 'allow',
      reason: 'rule',
      rule: 100 + index,
      ruleName: undefined,
      middleware: '',
    };
    spansOf({
      status: 100 + index,
      aliases: false,
      exchange: {
        clientAddress: `192.0.2.${100 + index}`,
        facts: proxiedFacts({
          serverUrl: `http://forget-${index}:80`,
          mcp: { ...mcp, ...none, protocolVersion: undefined, errorCode: undefined },
          decision: decision as NonNullable<RequestFacts['decision']>,
        }),
      },
    });
  }
}

test('[TEL-encoding] spans say the same whatever was written before them', () => {
  fc.assert(
    fc.property(finishedRequests, finishedRequests, (one, other) => {
      const list = neighbours(one, other).flatMap((each) => [true, false].map((aliases) => ({ ...each, aliases })));
      const alone = list.map((each) => {
        forget();
        return spansOf(each);
      });
      forget();
      expect(list.map(spansOf)).toEqual(alone);
    }),
    { numRuns: 30 },
  );
});

test('[TEL-encoding] of plain HTTP the gateway’s span names the router, that of the upstream call only the method', () => {
  const exchange = { method: 'POST', facts: proxiedFacts({ router: 'a@file' }) };
  const spans = spansOf({ status: 200, aliases: false, exchange }) as readonly DecodedSpan[];
  expect(spans.map(({ kind, name }) => [kind, name])).toEqual([
    [2, 'POST a@file'],
    [1, 'authenticate'],
    [3, 'POST'],
  ]);
});
