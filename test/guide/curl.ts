import { run } from '../peers/child.ts';
import { canaryToken } from '../support/canaries.ts';

export type CurlAnswer = {
  readonly status: number;
  /** By lower-case name; the last one of several. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Runs curl as a person would, with the head of the answer shown. Streams are left after `seconds`. */
export async function curl(url: string, args: readonly string[] = [], seconds = 10): Promise<CurlAnswer> {
  const { stdout, stderr, code } = await run('curl', [
    '-sS',
    '-i',
    '--noproxy',
    '*',
    '--max-time',
    String(seconds),
    ...args,
    url,
  ]);
  const end = stdout.indexOf('\r\n\r\n');
  if (end < 0) throw new Error(`curl ended with ${code}: ${stderr}`);
  const [statusLine = '', ...lines] = stdout.slice(0, end).split('\r\n');
  const headers = lines.map(
    (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const,
  );
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: stdout.slice(end + 4),
  };
}

/** Shows a token, which no output of a gateway may show. */
export const bearer = (token: string): readonly string[] => ['-H', `Authorization: Bearer ${canaryToken(token)}`];

/** POSTs one JSON-RPC message with the headers every MCP client sends. */
export function curlMessage(
  url: string,
  message: Readonly<Record<string, unknown>>,
  args: readonly string[] = [],
): Promise<CurlAnswer> {
  const common = ['-H', 'Content-Type: application/json', '-H', 'Accept: application/json, text/event-stream'];
  return curl(url, [...common, ...args, '-d', JSON.stringify({ jsonrpc: '2.0', ...message })]);
}

/** Opens a legacy session as Inspector 1.x does and returns the headers that its next messages carry. */
export async function openSession(url: string, args: readonly string[]): Promise<readonly string[]> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'curl', version: '8' } };
  const opened = await curlMessage(url, { id: 0, method: 'initialize', params }, args);
  const session = opened.headers['mcp-session-id'];
  if (opened.status !== 200 || session === undefined) throw new Error(`no session: ${opened.status} ${opened.body}`);
  const carried = [...args, '-H', `Mcp-Session-Id: ${session}`, '-H', 'MCP-Protocol-Version: 2025-11-25'];
  await curlMessage(url, { method: 'notifications/initialized' }, carried);
  return carried;
}

/** Calls a tool as a modern client does: one request that says everything about itself. */
export function callTool(
  url: string,
  name: string,
  args: Readonly<Record<string, unknown>>,
  more: readonly string[],
): Promise<CurlAnswer> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', `Mcp-Name: ${name}`].flatMap(
    (line) => ['-H', line],
  );
  return curlMessage(url, { id: 1, method: 'tools/call', params: { name, arguments: args, _meta: meta } }, [
    ...headers,
    ...more,
  ]);
}
