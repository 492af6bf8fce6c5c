import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderFields } from '../http/headers.ts';
import { scanJson } from '../http/json.ts';
import { Refusal } from '../http/refusal.ts';
import { type Call, readEnvelope, readMessage } from './envelope.ts';
import { checkHeaders, checkParameterHeaders, decodeHeaderValue } from './header-check.ts';

const modern = '2026-07-28';
const meta = (version: string) => ({
  _meta: { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': {} },
});
const message = (method: string, params: object = {}, id: number | undefined = 1) =>
  readMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params })));
const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

function check(headers: Record<string, string>, subject: ReturnType<typeof message>): unknown {
  try {
    return checkHeaders(HeaderFields.fromRaw(Object.entries(headers).flat()), subject);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const body = JSON.parse(String(error.toReply().body));
    return { status: error.status, code: body.error.code, id: body.id };
  }
}

const refused = { status: 400, code: -32020, id: 1 };
const isModern = { era: 'modern', version: modern };
const version = { 'MCP-Protocol-Version': modern };
const callParams = { name: 'read', ...meta(modern) };
const callHeaders = { ...version, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'read' };

describe('[DP-3.headers] headers that repeat the body are compared with it', () => {
  it.each<[string, Record<string, string>, ReturnType<typeof message>, unknown]>([
    ['legacy without any', {}, message('tools/call', { name: 'read' }), { era: 'legacy', version: undefined }],
    [
      'legacy with its version',
      { 'MCP-Protocol-Version': '2025-11-25' },
      message('tools/list'),
      { era: 'legacy', version: '2025-11-25' },
    ],
    [
      'legacy with true headers',
      { 'Mcp-Method': 'tools/call', 'Mcp-Name': 'read' },
      message('tools/call', { name: 'read' }),
      { era: 'legacy' },
    ],
    ['legacy with a wrong method', { 'Mcp-Method': 'tools/list' }, message('tools/call', { name: 'read' }), refused],
    ['legacy with a wrong name', { 'Mcp-Name': 'write' }, message('tools/call', { name: 'read' }), refused],
    ['a name in the header alone', { 'Mcp-Name': 'write' }, message('tools/call', {}), refused],
    ['initialize', {}, message('initialize', { protocolVersion: '2025-11-25' }), { era: 'legacy' }],
    ['initialize under a modern header', version, message('initialize', { protocolVersion: '2025-11-25' }), refused],
    [
      'a modern claim under a legacy header',
      { 'MCP-Protocol-Version': '2025-11-25' },
      message('tools/list', meta(modern)),
      refused,
    ],
    [
      'a modern claim without the version header',
      { 'Mcp-Method': 'tools/list' },
      message('tools/list', meta(modern)),
      refused,
    ],
    ['a modern call', callHeaders, message('tools/call', callParams), isModern],
    [
      'header names in any case',
      { 'mcp-protocol-version': modern, 'MCP-METHOD': 'tools/call', 'mcp-name': 'read' },
      message('tools/call', callParams),
      isModern,
    ],
    ['outer white space', { ...callHeaders, 'Mcp-Name': ' \t read \t' }, message('tools/call', callParams), isModern],
    ['a name in base64', { ...callHeaders, 'Mcp-Name': base64('read') }, message('tools/call', callParams), isModern],
    [
      'a name that needs base64',
      { ...callHeaders, 'Mcp-Name': base64('lése ') },
      message('tools/call', { ...callParams, name: 'lése ' }),
      isModern,
    ],
    [
      'markers in capitals are plain text',
      { ...callHeaders, 'Mcp-Name': '=?BASE64?cmVhZA==?=' },
      message('tools/call', callParams),
      refused,
    ],
    [
      'base64 that is not',
      { ...callHeaders, 'Mcp-Name': '=?base64?cmVhZA?=' },
      message('tools/call', callParams),
      refused,
    ],
    [
      'base64 of another name',
      { ...callHeaders, 'Mcp-Name': base64('write') },
      message('tools/call', callParams),
      refused,
    ],
    [
      'a method in capitals',
      { ...callHeaders, 'Mcp-Method': 'TOOLS/CALL' },
      message('tools/call', callParams),
      refused,
    ],
    ['another method', { ...callHeaders, 'Mcp-Method': 'tools/list' }, message('tools/call', callParams), refused],
    ['another name', { ...callHeaders, 'Mcp-Name': 'write' }, message('tools/call', callParams), refused],
    ['no method', { ...version, 'Mcp-Name': 'read' }, message('tools/call', callParams), refused],
    ['no name', { ...version, 'Mcp-Method': 'tools/call' }, message('tools/call', callParams), refused],
    [
      'no name where there is none',
      { ...version, 'Mcp-Method': 'tools/list' },
      message('tools/list', meta(modern)),
      isModern,
    ],
    [
      'a resource',
      { ...version, 'Mcp-Method': 'resources/read', 'Mcp-Name': 'a:b' },
      message('resources/read', { uri: 'a:b', ...meta(modern) }),
      isModern,
    ],
    [
      'a task',
      { ...version, 'Mcp-Method': 'tasks/get', 'Mcp-Name': 't' },
      message('tasks/get', { taskId: 'u', ...meta(modern) }),
      refused,
    ],
    [
      'a name where none is defined',
      { ...version, 'Mcp-Method': 'x/y', 'Mcp-Name': 'q' },
      message('x/y', { name: 'r', ...meta(modern) }),
      isModern,
    ],
    ['a modern header without a claim is the upstream’s to judge', version, message('tools/list'), isModern],
    [
      'an unknown version in both',
      { 'MCP-Protocol-Version': 'soon', 'Mcp-Method': 'x' },
      message('x', meta('soon')),
      { era: 'modern', version: 'soon' },
    ],
    [
      'a version after ours',
      { 'MCP-Protocol-Version': '2027-01-01' },
      message('tools/list'),
      { era: 'modern', version: '2027-01-01' },
    ],
  ])('%s', (_name, headers, subject, expected) => {
    expect(check(headers, subject)).toMatchObject(expected as object);
  });

  it('a notification needs none, but what it has must be true', () => {
    const note = readEnvelope(
      scanJson(
        Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: meta(modern) })),
      ),
    );
    expect(check(version, note)).toMatchObject(isModern);
    expect(check({ ...version, 'Mcp-Method': 'ping' }, note)).toMatchObject({ status: 400, code: -32020, id: null });
  });

  it.each(['Mcp-Method', 'Mcp-Name', 'MCP-Protocol-Version', 'Mcp-Session-Id', 'Mcp-Param-X'])('%s twice', (name) => {
    const headers = HeaderFields.fromRaw([
      ...Object.entries(callHeaders).flat(),
      name,
      'read',
      name.toLowerCase(),
      'read',
    ]);
    expect(() => checkHeaders(headers, message('tools/call', callParams))).toThrow(Refusal);
  });
});

describe('[DP-3.headers] Mcp-Param-* of a known schema', () => {
  const known = [
    { header: 'mcp-param-region', path: ['region'] },
    { header: 'mcp-param-count', path: ['page', 'count'] },
    { header: 'mcp-param-dry', path: ['dry'] },
  ];
  const run = (headers: Record<string, string>, given: string): boolean => {
    const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":${given}}}`;
    try {
      checkParameterHeaders(
        HeaderFields.fromRaw(Object.entries(headers).flat()),
        readMessage(Buffer.from(text)) as Call,
        known,
      );
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  };
  it.each<[Record<string, string>, string, boolean]>([
    [{}, '{}', true],
    [{}, '{"region":null}', true],
    [{ 'Mcp-Param-Region': 'eu' }, '{"region":"eu"}', true],
    [{ 'Mcp-Param-Region': base64('éu') }, '{"region":"éu"}', true],
    [{ 'Mcp-Param-Region': 'us' }, '{"region":"eu"}', false],
    [{}, '{"region":"eu"}', true],
    [{ 'Mcp-Param-Region': 'null' }, '{"region":null}', false],
    [{ 'Mcp-Param-Region': 'eu' }, '{}', false],
    [{ 'Mcp-Param-Region': '=?base64?***?=' }, '{"region":"***"}', false],
    [{ 'Mcp-Param-Count': '7' }, '{"page":{"count":7}}', true],
    [{ 'Mcp-Param-Count': '7' }, '{"page":{"count":7.0}}', true],
    [{ 'Mcp-Param-Count': '007' }, '{"page":{"count":7}}', true],
    [{ 'Mcp-Param-Count': '9007199254740992' }, '{"page":{"count":9007199254740993}}', false],
    [{ 'Mcp-Param-Count': '7' }, '{"page":{"count":"8"}}', false],
    [{ 'Mcp-Param-Count': '7' }, '{"page":[7]}', false],
    [{ 'Mcp-Param-Dry': 'true' }, '{"dry":true}', true],
    [{ 'Mcp-Param-Dry': 'True' }, '{"dry":true}', false],
    [{ 'Mcp-Param-Other': 'anything' }, '{}', true],
  ])('%j with %s', (headers, given, expected) => {
    expect(run(headers, given)).toBe(expected);
  });
});

it('every text survives the base64 sentinel', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodeHeaderValue(base64(text))).toBe(text);
    }),
  );
});
