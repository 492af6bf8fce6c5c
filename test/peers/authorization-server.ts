import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { type Context, Provider } from 'oidc-provider';
import { canary, canaryToken } from '../support/canaries.ts';

/** Machine clients that exist from the start, with the groups their tokens carry. */
const machineClients = { developer: ['developer'], admin: ['admin'] } as const;
export type MachineClient = keyof typeof machineClients;

const scopes = ['mcp:read', 'mcp:admin'] as const;
const secretOf = (client: string) => canary(`secret-of-${client}`);

export type AuthorizationServer = {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** How often the key set was fetched. */
  readonly keySetFetches: () => number;
  /** Gets an access token (RFC 9068 `at+jwt`) for a resource by client credentials. */
  readonly issueToken: (client: MachineClient, resource: string, scope?: string) => Promise<string>;
  /** Signs with a new key from now on; the old ones stay published unless they are to be forgotten. */
  readonly rotateKeys: (options?: { forgetOld?: boolean }) => Promise<void>;
  /** Answers the key set with 503 while true. */
  readonly breakKeySet: (broken: boolean) => void;
  readonly close: () => Promise<void>;
};

/**
 * A real authorization server: discovery, dynamic registration, authorization code with PKCE, client credentials,
 * resource indicators (RFC 8707). It logs every person in as `person` and consents for them, so that a client can go
 * through the whole flow without a browser.
 */
export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  let keySetFetches = 0;
  let keySetBroken = false;
  let keys: JWK[] = [await makeKey('key-1')];
  let provider: Provider;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    if (path === '/jwks') {
      keySetFetches += 1;
      if (keySetBroken) {
        response.writeHead(503).end();
        return;
      }
    }
    if (path.startsWith('/interaction/')) void logIn(provider, request, response);
    else provider.callback()(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider = createProvider(issuer, keys);

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    keySetFetches: () => keySetFetches,
    issueToken: (client, resource, scope = 'mcp:read') => requestToken(issuer, client, resource, scope),
    rotateKeys: async ({ forgetOld = false } = {}) => {
      // The first key of the set signs.
      const fresh = await makeKey(`key-${performance.now()}`);
      keys = forgetOld ? [fresh] : [fresh, ...keys];
      provider = createProvider(issuer, keys);
    },
    breakKeySet: (broken) => {
      keySetBroken = broken;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function makeKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
}

function createProvider(issuer: string, keys: readonly JWK[]): Provider {
  const provider: Provider = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ['only-for-tests'] },
    scopes: ['openid', ...scopes],
    clientBasedCORS: () => true,
    clients: Object.keys(machineClients).map((client) => ({
      client_id: client,
      client_secret: secretOf(client),
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_: Context, __: unknown, oneOf: unknown) => oneOf,
        useGrantedResource: () => true,
        getResourceServerInfo: (_: Context, resource: string) => ({
          scope: scopes.join(' '),
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_: Context, token: { clientId?: string; accountId?: string }) => ({
      groups: token.accountId === undefined ? (machineClients[token.clientId as MachineClient] ?? []) : ['developer'],
    }),
    findAccount: (_: Context, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_: Context, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (context: Context) => consentFor(context, provider),
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      ClientCredentials: 600,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
    },
  });
  return provider;
}

/** Grants all scopes of every resource that the client asks a token for. */
async function consentFor({ oidc }: Context, { Grant }: Provider) {
  const grant = new Grant({ clientId: oidc.client?.clientId ?? '', accountId: oidc.session?.accountId ?? '' });
  grant.addOIDCScope(['openid', ...scopes].join(' '));
  for (const resource of [oidc.params?.['resource'] ?? []].flat())
    grant.addResourceScope(String(resource), scopes.join(' '));
  await grant.save();
  return grant;
}

async function logIn(provider: Provider, ...[request, response]: Parameters<RequestListener>): Promise<void> {
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId: 'person' }, consent: {} },
    { mergeWithLastSubmission: false },
  );
}

async function requestToken(issuer: string, client: string, resource: string, scope: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${secretOf(client)}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined)
    throw new Error(`the authorization server gave no token: ${JSON.stringify(answer)}`);
  return canaryToken(answer.access_token);
}
