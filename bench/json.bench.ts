/** The strict scanner against `JSON.parse`, in one interleaved run. `node bench/json.bench.ts` */
import { Bench } from 'tinybench';
import { scanJson } from '../src/http/json.ts';

const call = {
  jsonrpc: '2.0',
  id: 42,
  method: 'tools/call',
  params: {
    name: 'read_wiki_contents',
    arguments: { repoName: 'kubernetes/kubernetes', depth: 3, sections: ['overview', 'architecture'], raw: false },
    _meta: { progressToken: 'a1b2c3d4', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
  },
};
const tools = Array.from({ length: 500 }, (_, index) => ({
  name: `tool_${index}`,
  description: `Does thing number ${index} — and says so at some length, "quoted" where it has to be.`,
  inputSchema: {
    type: 'object',
    properties: { path: { type: 'string' }, count: { type: 'integer' } },
    required: ['path'],
  },
}));
const documents = {
  'tool call': Buffer.from(JSON.stringify(call)),
  '500 tools': Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } })),
};

const bench = new Bench({ time: 500, warmupTime: 200 });
for (const [name, bytes] of Object.entries(documents)) {
  bench.add(`${name} (${bytes.length} B) JSON.parse`, () => {
    JSON.parse(bytes.toString('utf8'));
  });
  bench.add(`${name} (${bytes.length} B) scanJson`, () => {
    scanJson(bytes);
  });
}
await bench.run();
console.table(bench.table());
