import { McpServer } from '@modelcontextprotocol/server';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { createDualEraEndpoint } from '../../demo/dual-era-endpoint.ts';
import type { AuthorizationServer } from './authorization-server.ts';
import { type RunningServer, serve } from './single-era.ts';

/**
 * An MCP server that owns its OAuth, as hosted services do: it verifies tokens itself, publishes its own resource
 * metadata, challenges with its own URL, and answers browsers with CORS headers of its own.
 *
 * @param audiences URLs a token may be meant for besides the server's own, for instance that of a gateway in front.
 */
export async function startOAuthMcp(
  authority: AuthorizationServer,
  audiences: readonly string[],
): Promise<RunningServer> {
  const keys = createRemoteJWKSet(new URL(authority.jwksUrl));
  const endpoint = createDualEraEndpoint({
    createServer: () => {
      const server = new McpServer({ name: 'owns-oauth', version: '1.0.0' });
      server.registerTool('guess', { description: 'Guesses a number' }, () => ({
        content: [{ type: 'text', text: 'forty-two' }],
      }));
      return server;
    },
  });
  const running: RunningServer = await serve(async (request, response) => {
    response.setHeader('access-control-allow-origin', 'https://only.the.upstream.knows.example');
    const resource = running.url;
    if (request.url?.startsWith('/.well-known/oauth-protected-resource') === true) {
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ resource, authorization_servers: [authority.issuer] }));
      return;
    }
    const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
    const accepted =
      scheme === 'Bearer' &&
      (await jwtVerify(token, keys, { issuer: authority.issuer, audience: [resource, ...audiences] }).then(
        () => true,
        () => false,
      ));
    if (accepted) endpoint.listener(request, response);
    else {
      const metadata = new URL('/.well-known/oauth-protected-resource/mcp', resource);
      response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }).end();
    }
  });
  return {
    ...running,
    close: async () => {
      await endpoint.close();
      await running.close();
    },
  };
}
