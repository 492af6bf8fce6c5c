import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { createDemoCertificates } from './certificates.ts';
import { startWiki } from './wiki/wiki.ts';

export type DemoOptions = {
  /** Starts the gateway with these arguments of `portcullis run`; what the user gave on the command line wins over them. */
  readonly startGateway: (
    args: readonly string[],
  ) => Promise<{ readonly webAddress: string; readonly stop: () => Promise<void> }>;
  /** Writes one line for the person at the terminal. */
  readonly print: (line: string) => void;
};

export type RunningDemo = {
  /** What an MCP client connects to. */
  readonly mcpUrl: string;
  readonly developerToken: string;
  readonly adminToken: string;
  readonly stop: () => Promise<void>;
};

const guide = fileURLToPath(new URL('../examples/guide/', import.meta.url));
const stepTwelve = fileURLToPath(new URL('../examples/guide-step-12/', import.meta.url));

/** The upstream that the guide's manifests name. */
const upstream = 'mcp.deepwiki.com';
/** The host that the guide's route claims. */
const publicHost = 'mcp.localhost';
/** The signing secret in the guide's manifests: for trying things out, and for nothing else. */
const signingSecret = 'my-super-secret-key-change-in-production';

/**
 * Runs the guide on one machine: the demo wiki takes the place of the guide's upstream behind TLS, and a gateway serves
 * the guide's manifests as they are, with the policy of Step 12.
 */
export async function runDemo({ startGateway, print }: DemoOptions): Promise<RunningDemo> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-demo-'));
  const certificates = await createDemoCertificates();
  const wiki = await startWiki({ tls: certificates.server });
  const stopWiki = async () => {
    await wiki.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const rootFile = join(folder, 'root.pem');
    const manifests = join(folder, 'manifests');
    await writeFile(rootFile, certificates.root.cert);
    await copyManifests(manifests);
    const gateway = await startGateway([
      ...loopbackAddresses,
      `--providers.file.directory=${manifests}`,
      `--resolve=${upstream}:443=127.0.0.1:${wiki.port}`,
      `--serversTransport.rootCAs=${rootFile}`,
    ]);
    const base = `http://${publicHost}:${gateway.webAddress.split(':').at(-1)}`;
    const demo = {
      mcpUrl: `${base}/deepwiki-mcp/mcp`,
      developerToken: await signToken('test-user', 'developer'),
      adminToken: await signToken('admin-user', 'admin'),
    };
    for (const line of describe(base, demo, manifests)) print(line);
    return {
      ...demo,
      stop: async () => {
        await gateway.stop();
        await stopWiki();
      },
    };
  } catch (error) {
    await stopWiki();
    throw error;
  }
}

/** Nobody but this machine needs to reach a demo. */
const loopbackAddresses = [
  '--entryPoints.web.address=127.0.0.1:8000',
  '--entryPoints.websecure.address=127.0.0.1:8443',
  '--entryPoints.admin.address=127.0.0.1:8080',
];

/** The guide's manifests with the policy of Step 12 where Step 4 had none. */
async function copyManifests(target: string): Promise<void> {
  await cp(guide, target, { recursive: true, filter: (path) => !path.endsWith('04-mcp.yaml') });
  await cp(stepTwelve, target, { recursive: true });
}

function signToken(subject: string, group: string): Promise<string> {
  return new SignJWT({ sub: subject, groups: [group], email: `${subject}@example.com` })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime('12h')
    .sign(new TextEncoder().encode(signingSecret));
}

function describe(base: string, demo: Omit<RunningDemo, 'stop'>, manifests: string): readonly string[] {
  const call = (name: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":{"repoName":"kubernetes/kubernetes"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`;
  const curl = (token: string, name: string) => [
    `  curl -i ${demo.mcpUrl} -H "Authorization: Bearer $${token}" -H 'Content-Type: application/json' \\`,
    `    -H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' \\`,
    `    -H 'Mcp-Method: tools/call' -H 'Mcp-Name: ${name}' \\`,
    `    -d '${call(name)}'`,
  ];
  return [
    '',
    `MCP server behind the gateway:  ${demo.mcpUrl}`,
    `Manifests, taken up when saved: ${manifests}`,
    '',
    `export DEVELOPER=${demo.developerToken}`,
    `export ADMIN=${demo.adminToken}`,
    '',
    'Who protects this, and how (RFC 9728):',
    `  curl ${base}/.well-known/oauth-protected-resource/deepwiki-mcp`,
    'Without a token, 401 with a challenge:',
    `  curl -i ${demo.mcpUrl}`,
    'With one, an event stream (end it with Ctrl+C):',
    `  curl -i -H "Authorization: Bearer $DEVELOPER" ${demo.mcpUrl}`,
    'The developer may read the structure of a wiki:',
    ...curl('DEVELOPER', 'read_wiki_structure'),
    'but not its contents, 403:',
    ...curl('DEVELOPER', 'read_wiki_contents'),
    'The admin may:',
    ...curl('ADMIN', 'read_wiki_contents'),
    '',
    'With the MCP Inspector, on the command line:',
    `  npx @modelcontextprotocol/inspector --cli ${demo.mcpUrl} --transport http \\`,
    '    --header "Authorization: Bearer $DEVELOPER" --method tools/list',
    'or in the browser (Streamable HTTP, Via Proxy, header Authorization):',
    '  npx @modelcontextprotocol/inspector',
    '',
    `If a program cannot resolve ${publicHost}, add "127.0.0.1 ${publicHost}" to /etc/hosts. Ctrl+C ends the demo.`,
    '',
  ];
}
