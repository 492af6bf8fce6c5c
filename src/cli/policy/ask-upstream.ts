import type { Value } from '../../expression/index.ts';
import { UsageError } from '../command.ts';
import { namesIn } from './load-facts.ts';
import { parseJsonValue } from './value-from.ts';

const protocolVersion = '2025-06-18';
const maxPages = 100;

/** Asks an MCP server for the names of its tools, as a client of it. */
export async function toolsOffered(url: string, bearer: string | undefined): Promise<string[]> {
  const common = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
  };
  let session: Record<string, string> = {};
  const post = async (message: object): Promise<Response> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...common, ...session },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(15_000),
    });
    if (!response.ok) throw new UsageError(`${url} answered ${response.status}`);
    return response;
  };
  try {
    const clientInfo = { name: 'portcullis', version: '1' };
    const hello = await post({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion, capabilities: {}, clientInfo },
    });
    const id = hello.headers.get('mcp-session-id');
    session = { 'MCP-Protocol-Version': protocolVersion, ...(id === null ? {} : { 'Mcp-Session-Id': id }) };
    await hello.body?.cancel();
    await (await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).body?.cancel();
    const names: string[] = [];
    let cursor: Value | undefined;
    for (let page = 1; page <= maxPages; page++) {
      const params = typeof cursor === 'string' ? { cursor } : {};
      const result = await resultOf(await post({ jsonrpc: '2.0', id: page, method: 'tools/list', params }));
      names.push(...(namesIn(result, 'tools', 'name') ?? []));
      cursor = result instanceof Map ? (result as ReadonlyMap<string, Value>).get('nextCursor') : undefined;
      if (typeof cursor !== 'string') break;
    }
    if (id !== null) await fetch(url, { method: 'DELETE', headers: { ...common, ...session } }).catch(() => undefined);
    return names;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${url} cannot be asked for its tools (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

/** The result in a JSON answer, or in the first event that answers. */
async function resultOf(response: Response): Promise<Value | undefined> {
  const text = await response.text();
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const answers = isStream ? text.split(/\r?\n\r?\n/).map(eventData) : [text];
  for (const answer of answers) {
    if (answer === '') continue;
    const value = parseJsonValue(answer);
    const result = value instanceof Map ? (value as ReadonlyMap<string, Value>).get('result') : undefined;
    if (result !== undefined) return result;
  }
  return undefined;
}

function eventData(event: string): string {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith('data:'));
  return lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n');
}
