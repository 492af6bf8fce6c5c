import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';

/** Files that a run of the benchmarks needs, made anew each time. */
export interface BenchFiles {
  readonly folder: string;
  readonly upstream: string;
  readonly latency: string;
  /** The program that calls several ports in turn. */
  readonly turns: string;
  readonly nginx: string;
  readonly plain: string;
  readonly full: string;
  /** Load script with one token, whose verification is cached after the first request. */
  readonly cachedScript: string;
  /** Load script with more tokens than any cache holds. */
  readonly uncachedScript: string;
  /** One raw request with the token, for the programs in `native/`. */
  readonly rawRequest: string;
}

export const upstreamPort = 9_650;
const tools = [
  'read_file',
  'write_file',
  'list_files',
  'query_table',
  'send_mail',
  'open_ticket',
  'close_ticket',
  'translate',
];

/** 300 bytes of `tools/call`. */
const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 42,
  method: 'tools/call',
  params: {
    name: 'search_documents',
    arguments: {
      query: 'quarterly revenue report',
      limit: 10,
      filter: { department: 'finance', year: 2025 },
      path: '/srv/data',
      note: 'x'.repeat(70),
    },
    _meta: { progressToken: 'tok-1' },
  },
});

/** Makes keys, tokens, load scripts, manifests and the small C programs. */
export async function prepare(): Promise<BenchFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const compile = (name: string): string => {
    const target = join(folder, name);
    execFileSync('gcc', ['-O2', '-w', '-o', target, join(import.meta.dirname, 'native', `${name}.c`)]);
    return target;
  };
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const sign = (subject: string): Promise<string> =>
    new SignJWT({
      sub: subject,
      groups: ['eng', 'ops'],
      scope: 'tools:read tools:call',
      client_id: 'agent-7',
      tenant: 'acme',
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer('https://idp.example.com')
      .setAudience('https://mcp.example.com/mcp')
      .setIssuedAt()
      .setExpirationTime('1d')
      .sign(privateKey);
  const token = await sign('user-12345678');
  const many: string[] = [];
  for (let index = 0; index < 12_000; index++) many.push(await sign(`user-${index}`));

  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const files = { nginx: join(folder, 'nginx.conf'), plain: join(folder, 'plain'), full: join(folder, 'full') };
  writeFileSync(files.nginx, nginxConfiguration(folder));
  for (const [name, text] of [
    ['plain', plainManifests()],
    ['full', fullManifests(pem)],
  ] as const) {
    mkdirSync(files[name]);
    writeFileSync(join(files[name], 'routes.yaml'), text);
  }
  const cachedScript = join(folder, 'cached.lua');
  writeFileSync(cachedScript, loadScript(`wrk.headers["Authorization"]="Bearer ${token}"`));
  writeFileSync(join(folder, 'tokens.txt'), many.join('\n'));
  const uncachedScript = join(folder, 'uncached.lua');
  writeFileSync(
    uncachedScript,
    loadScript(`local tokens={}
for line in io.lines("${join(folder, 'tokens.txt')}") do tokens[#tokens+1]="Bearer "..line end
local next=0
function request() next=next%#tokens+1; wrk.headers["Authorization"]=tokens[next]; return wrk.format() end`),
  );
  const rawRequest = join(folder, 'request.txt');
  writeFileSync(
    rawRequest,
    `POST /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-06-18\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return {
    folder,
    upstream: compile('upstream'),
    latency: compile('latency'),
    turns: compile('turns'),
    ...files,
    cachedScript,
    uncachedScript,
    rawRequest,
  };
}

function loadScript(credential: string): string {
  return `wrk.method="POST"
wrk.body=[==[${body}]==]
wrk.headers["Host"]="mcp.example.com"
wrk.headers["Content-Type"]="application/json"
wrk.headers["Accept"]="application/json, text/event-stream"
wrk.headers["MCP-Protocol-Version"]="2025-06-18"
wrk.headers["User-Agent"]="bench/1"
${credential}
`;
}

function nginxConfiguration(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  return `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.err warn;
events { worker_connections 20000; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 65; tcp_nodelay on; ${temporary}
 upstream up { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 100000000; }
 server { listen 127.0.0.1:PORT backlog=4096; location / { proxy_pass http://up; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 1d; proxy_set_header Connection ""; proxy_set_header Host $host; } } }
`;
}

function route(middlewares: readonly string[]): string {
  return `http:
  routers:
    bench:
      entryPoints: [web]
      rule: Host(\`mcp.example.com\`) && PathPrefix(\`/mcp\`)
      service: upstream
      middlewares: [${middlewares.join(', ')}]
  services:
    upstream:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${upstreamPort}
`;
}

function plainManifests(): string {
  return route([]);
}

/** JWT, ten policies of which the tenth decides, and metadata. */
function fullManifests(publicKey: string): string {
  const indent = (text: string, by: number): string =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => ' '.repeat(by) + line)
      .join('\n');
  const denies = tools.map(
    (
      tool,
    ) => `            - match: Equals(\`mcp.method\`, \`tools/call\`) && Equals(\`mcp.params.name\`, \`${tool}\`) && !Contains(\`jwt.groups\`, \`admin\`)
              action: deny`,
  );
  return `${route(['jwt', 'mcp'])}  middlewares:
    jwt:
      plugin:
        jwt:
          publicKey: |
${indent(publicKey, 12)}
          forwardHeaders:
            X-User-ID: sub
            X-User-Groups: groups
    mcp:
      plugin:
        mcp:
          resourceMetadata:
            resource: https://mcp.example.com/mcp
            authorizationServers: [https://idp.example.com]
          policies:
${denies.join('\n')}
            - match: Gt(\`mcp.params.arguments.limit\`, \`100\`)
              action: deny
            - match: Equals(\`mcp.method\`, \`tools/call\`) && SplitContains(\`jwt.scope\`, \` \`, \`tools:call\`) && Contains(\`jwt.groups\`, \`eng\`)
              action: allow
          defaultAction: deny
`;
}
