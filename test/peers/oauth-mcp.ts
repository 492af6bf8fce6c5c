import { McpServer } from '@modelcontextprotocol/server';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { KeyPair } from '../../demo/certificates.ts';
import { createDualEraEndpoint } from '../../demo/dual-era-endpoint.ts';
import type { AuthorizationServer } from './authorization-server.ts';
import { type RunningServer, serve } from './single-era.ts';

export type OAuthMcpOptions = {
  readonly authority: AuthorizationServer;
  /** The name the server knows itself by, for instance `https://mcp.notion.com/mcp`. */
  readonly resource: string;
  /** URLs a token may be meant for besides the server's own, for instance that of a gateway in front. */
  readonly audiences: readonly string[];
  readonly tls: KeyPair;
};

/**
 * An MCP server that owns its OAuth, as hosted services do: it verifies tokens itself, publishes its own resource
 * metadata, challenges with its own URL, and answers browsers with CORS headers of its own.
 */
export async function startOAuthMcp({ authority, resource, audiences, tls }: OAuthMcpOptions): Promise<RunningServer> {
  const keys = createRemoteJWKSet(new URL(authority.jwksUrl));
  const endpoint = createDualEraEndpoint({
    createServer: () => {
      const server = new McpServer({ name: 'owns-oauth', version: '1.0.0' });
      server.registerTool('hello', { description: 'Says hello' }, () => ({
        content: [{ type: 'text', text: 'hello' }],
      }));
      return server;
    },
  });
  const accepts = (authorization: string) => {
    const [scheme, token = ''] = authorization.split(' ');
    if (scheme !== 'Bearer') return false;
    const expected = { issuer: authority.issuer, audience: [resource, ...audiences] };
    return jwtVerify(token, keys, expected).then(
      () => true,
      () => false,
    );
  };
  const metadataUrl = new URL('/.well-known/oauth-protected-resource/mcp', resource);
  const running = await serve(async (request, response) => {
    response.setHeader('access-control-allow-origin', 'https://known.to.the.upstream.example');
    if (request.url === metadataUrl.pathname) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ resource, authorization_servers: [authority.issuer] }));
    } else if (await accepts(request.headers.authorization ?? '')) endpoint.listener(request, response);
    else response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadataUrl}"` }).end();
  }, tls);
  return {
    ...running,
    close: async () => {
      await endpoint.close();
      await running.close();
    },
  };
}
