import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ExchangeOverrides, testExchange } from '../../test/support/exchange.ts';
import { decisionId, finishedRequests, neighbours, proxiedFacts } from '../../test/support/finished-requests.ts';
import { keptLogger, keptSink } from '../../test/support/kept-log.ts';
import { accessLogFields, accessLog as accessLogOption } from '../config/static/access-log.ts';
import { exchangeId } from '../http/exchange-id.ts';
import type { RequestFacts, RequestTrace } from '../http/facts.ts';
import { createAccessLog } from './access-log.ts';
import { accessLogReaders } from './access-log-fields.ts';
import { ownFields } from './access-log-own-fields.ts';

const trace: RequestTrace = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  sampled: true,
  upstreamParent: '',
  state: undefined,
  intoMessage: false,
  wantsArguments: false,
  wantsResults: false,
  adopt() {},
  noteArguments() {},
  noteResult() {},
};

function write(options: unknown, exchange: ExchangeOverrides = {}, status = 200, end = 1042.4): string {
  const lines: string[] = [];
  const sink = keptSink('access', (line) => lines.push(line));
  const parsed = accessLogOption.parse(options);
  if (parsed === undefined) throw new Error('the access log is off');
  const log = createAccessLog(parsed, keptLogger, { sink });
  log.record(
    testExchange({
      method: 'POST',
      path: '/wiki/mcp',
      query: '?access_token=hunter2',
      facts: proxiedFacts(),
      ...exchange,
    }),
    { status, end },
  );
  return lines.join('');
}

describe('line formats', () => {
  const headers = { 'User-Agent': 'Inspector/1.0', Referer: 'http://localhost:6274/?token=hunter2#x' };

  test('[AR-access-log] common: what Traefik writes, the query left out', () => {
    expect(write({}, { headers })).toBe(
      '127.0.0.1 - dev-user [10/Oct/2025:13:55:36 +0000] "POST /wiki/mcp HTTP/1.1" 200 3456 "http://localhost:6274/" "Inspector/1.0" 1 "apps-mcp@file" "https://wiki.example:443" 42ms\n',
    );
  });

  test('[AR-access-log] genericCLF: without what only a gateway knows', () => {
    expect(write({ format: 'genericCLF' }, { headers })).toBe(
      '127.0.0.1 - dev-user [10/Oct/2025:13:55:36 +0000] "POST /wiki/mcp HTTP/1.1" 200 3456 "http://localhost:6274/" "Inspector/1.0"\n',
    );
  });

  test('what is not known is a dash', () => {
    const nothing = proxiedFacts({ router: undefined, service: undefined, serverUrl: undefined, username: undefined });
    expect(write({}, { facts: nothing, protocol: '2' }, 404)).toBe(
      '127.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "POST /wiki/mcp HTTP/2.0" 404 3456 "-" "-" 1 "-" "-" 42ms\n',
    );
  });

  test('a client cannot end a field or a line', () => {
    const line = write(
      {},
      { path: '/a"b\\c', headers: { 'User-Agent': 'x"\\\u001b é' }, facts: proxiedFacts({ username: 'a\nb' }) },
    );
    expect(line).toContain('"POST /a\\"b\\\\c HTTP/1.1"');
    expect(line).toContain('"x\\"\\\\\\x1b \\xc3\\xa9"');
    expect(line).toContain('- a\\x0ab [');
    expect(line.split('\n')).toHaveLength(2);
  });

  test('fields can be dropped and redacted', () => {
    const fields = {
      names: { ClientUsername: 'redact', ClientHost: 'drop', RequestPath: 'redact' },
      headers: { names: { 'user-agent': 'drop' } },
    };
    expect(write({ fields }, { headers })).toContain(
      '- - REDACTED [10/Oct/2025:13:55:36 +0000] "POST REDACTED HTTP/1.1" 200 3456 "http://localhost:6274/" "-"',
    );
  });
});

describe('json', () => {
  test('[AR-access-log] Traefik’s names and the message of an MCP request', () => {
    const mcp = proxiedFacts({
      generation: 3,
      mcp: {
        kind: 'request',
        era: 'modern',
        method: 'tools/call',
        name: 'read_wiki_contents',
        uri: undefined,
        requestId: '7',
        sessionId: 'a-session-that-nobody-may-take-over',
        protocolVersion: '2026-07-28',
        errorCode: 403,
        toolError: false,
        hidden: 0,
        offered: true,
      },
      decision: {
        id: decisionId(36, 37),
        number: 37,
        outcome: 'deny',
        reason: 'rule',
        rule: 2,
        ruleName: undefined,
        middleware: 'apps-gateway@file',
      },
      errorType: 'denied',
    });
    const line = JSON.parse(
      write({ format: 'json', fields: { names: { StartLocal: 'drop' } } }, { number: 36, facts: mcp }, 403),
    );
    expect(line).toEqual({
      StartUTC: '2025-10-10T13:55:36.123Z',
      Duration: 42_400_000,
      RouterName: 'apps-mcp@file',
      ServiceName: 'apps-wiki@file',
      ServiceURL: 'https://wiki.example:443',
      ServiceAddr: 'wiki.example:443',
      ClientAddr: '127.0.0.1',
      ClientHost: '127.0.0.1',
      ClientUsername: 'dev-user',
      RequestAddr: 'mcp.localhost:8000',
      RequestHost: 'mcp.localhost',
      RequestPort: '8000',
      RequestMethod: 'POST',
      RequestPath: '/wiki/mcp',
      RequestProtocol: 'HTTP/1.1',
      RequestScheme: 'http',
      RequestContentSize: 120,
      RequestCount: 1,
      OriginDuration: 30_000_000,
      OriginStatus: 200,
      DownstreamStatus: 403,
      DownstreamContentSize: 3456,
      Overhead: 12_400_000,
      RetryAttempts: 0,
      entryPointName: 'web',
      RequestId: exchangeId(36),
      Generation: 3,
      ErrorType: 'denied',
      McpKind: 'request',
      McpEra: 'modern',
      McpMethod: 'tools/call',
      McpTarget: 'read_wiki_contents',
      McpProtocolVersion: '2026-07-28',
      McpRequestId: '7',
      McpSession: expect.stringMatching(/^[0-9a-f]{12}$/),
      McpErrorCode: 403,
      McpToolError: false,
      McpHiddenItems: 0,
      Decision: 'deny',
      DecisionId: decisionId(36, 37),
      DecisionReason: 'rule',
      DecisionRule: 2,
      DecisionMiddleware: 'apps-gateway@file',
      level: 'info',
      msg: '',
      time: '2025-10-10T13:55:36.165Z',
    });
  });

  test('a line says the same whatever was written before it', () => {
    fc.assert(
      fc.property(finishedRequests, finishedRequests, (one, other) => {
        const list = neighbours(one, other);
        const lines: string[] = [];
        const sink = keptSink('access', (line) => lines.push(line));
        const log = createAccessLog(accessLogOption.parse({ format: 'json' }) as never, keptLogger, { sink });
        for (const { exchange, status } of list) log.record(testExchange(exchange), { status, end: 1042.4 });
        const alone = list.map(({ exchange, status }, index) => ({
          ...JSON.parse(write({ format: 'json' }, exchange, status)),
          RequestCount: index + 1,
        }));
        expect(lines.map((line) => JSON.parse(line))).toEqual(alone);
      }),
    );
  });

  test('what each request has of its own is written as the table of fields reads it, unless redacted or dropped', () => {
    fc.assert(
      fc.property(
        finishedRequests,
        fc.nat(),
        fc.constantFrom(trace, undefined),
        ({ exchange: about, status }, end, traced) => {
          const request = { ...about, number: 1, facts: { ...(about.facts as RequestFacts), trace: traced } };
          const exchange = testExchange(request);
          const { facts } = exchange;
          const finished = { exchange, facts, status, duration: end - facts.startedAt, count: 1 };
          const written = (defaultMode: string) =>
            JSON.parse(write({ format: 'json', fields: { defaultMode } }, request, status, end));
          const [kept, redacted, dropped] = ['keep', 'redact', 'drop'].map(written);
          for (const { name, read } of ownFields) {
            const value = read(finished);
            expect([name, kept[name]]).toEqual([name, value]);
            expect([name, redacted[name]]).toEqual([name, value === undefined ? undefined : 'REDACTED']);
            expect([name, dropped[name]]).toEqual([name, undefined]);
          }
        },
      ),
    );
  });

  test('the install option knows every field there is', () => {
    expect(accessLogReaders.map(({ name }) => name)).toEqual([...accessLogFields]);
  });

  test('keep, drop and redact by field and by default', () => {
    const only = {
      format: 'json',
      fields: { defaultMode: 'drop', names: { RequestPath: 'keep', ClientUsername: 'redact' } },
    };
    expect(JSON.parse(write(only))).toEqual({
      RequestPath: '/wiki/mcp',
      ClientUsername: 'REDACTED',
      level: 'info',
      msg: '',
      time: '2025-10-10T13:55:36.165Z',
    });
  });

  test.each([
    ['dropped unless asked for', {}, {}],
    ['all kept', { defaultMode: 'keep' }, { 'request_User-Agent': 'x', request_Accept: 'a, b' }],
    ['one kept, in any case', { names: { 'USER-AGENT': 'keep' } }, { 'request_User-Agent': 'x' }],
    ['one redacted', { names: { accept: 'redact' } }, { request_Accept: 'REDACTED, REDACTED' }],
    ['all but one', { defaultMode: 'keep', names: { accept: 'drop' } }, { 'request_User-Agent': 'x' }],
  ])('headers: %s', (_name, headers, expected) => {
    const sent = { 'User-Agent': 'x', Accept: ['a', 'b'] };
    const line = JSON.parse(write({ format: 'json', fields: { headers } }, { headers: sent }));
    const { request_Host: _host, ...written } = Object.fromEntries(
      Object.entries(line).filter(([name]) => name.startsWith('request_')),
    );
    expect(written).toEqual(expected);
  });
});

test.each(['common', 'genericCLF', 'json'])(
  '[SEC-logs-without-tokens] %s never holds a credential, whatever is kept',
  (format) => {
    const secret = 'hunter2-secret';
    const headers = {
      Authorization: `Bearer ${secret}`,
      Cookie: `sid=${secret}`,
      'X-Api-Key': secret,
      'Mcp-Session-Id': secret,
      'X-Trace': `Bearer ${secret}`,
      'User-Agent': `curl Bearer ${secret}`,
      Referer: `https://a.example/?code=${secret}`,
    };
    const keepAll = { defaultMode: 'keep', names: { authorization: 'keep', cookie: 'keep', 'x-api-key': 'keep' } };
    const line = write({ format, fields: { headers: keepAll } }, { headers, query: `?access_token=${secret}` });
    expect(line).not.toBe('');
    expect(line).not.toContain('hunter2');
  },
);

describe('filters', () => {
  test.each<[object, number, Partial<RequestFacts>, boolean]>([
    [{}, 200, {}, true],
    [{ statusCodes: [404, '500-599'] }, 404, {}, true],
    [{ statusCodes: [404, '500-599'] }, 503, {}, true],
    [{ statusCodes: [404, '500-599'] }, 599, {}, true],
    [{ statusCodes: [404, '500-599'] }, 200, {}, false],
    [{ retryAttempts: true }, 200, { retryAttempts: 1 }, true],
    [{ retryAttempts: true }, 200, {}, false],
    [{ minDuration: '42ms' }, 200, {}, true],
    [{ minDuration: '43ms' }, 200, {}, false],
    [{ minDuration: '43ms', statusCodes: [200] }, 200, {}, true],
  ])('%j, status %i, %j: %s', (filters, status, more, kept) => {
    expect(write({ filters }, { facts: proxiedFacts(more) }, status) !== '').toBe(kept);
  });
});
