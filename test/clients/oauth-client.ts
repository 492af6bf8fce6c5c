import type {
  OAuthClientInformationMixed,
  OAuthClientProvider,
  OAuthDiscoveryState,
  OAuthTokens,
} from '@modelcontextprotocol/client';
import { canary, canaryToken } from '../support/canaries.ts';

/** The redirect target of a client without a browser; nobody listens there. */
const redirectUrl = 'http://127.0.0.1:1/callback';

/**
 * An OAuth client that registers itself, keeps everything in memory, and in the place of a person follows the redirects
 * of the authorization server until they lead back to the client.
 */
export class WalkingOAuthClient implements OAuthClientProvider {
  readonly redirectUrl = redirectUrl;
  readonly clientMetadata = {
    client_name: 'portcullis-test',
    redirect_uris: [redirectUrl],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'mcp:read',
  };
  /** What came back with the last redirect. */
  callback: URLSearchParams | undefined;
  #information: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  clientInformation() {
    return this.#information;
  }

  saveClientInformation(information: OAuthClientInformationMixed): void {
    if (information.client_secret !== undefined) canary(information.client_secret);
    this.#information = information;
  }

  tokens() {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    canaryToken(tokens.access_token);
    if (tokens.refresh_token !== undefined) canary(tokens.refresh_token);
    this.#tokens = tokens;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = canary(verifier);
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }

  discoveryState() {
    return this.#discovery;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    const cookies = new Map<string, string>();
    let next = url;
    for (let hop = 0; hop < 10; hop += 1) {
      if (next.href.startsWith(redirectUrl)) {
        this.callback = next.searchParams;
        const code = this.callback.get('code');
        if (code !== null) canary(code);
        return;
      }
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(next, { redirect: 'manual', headers: { cookie } });
      for (const set of response.headers.getSetCookie()) {
        const [pair = ''] = set.split(';');
        cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      const location = response.headers.get('location');
      if (location === null)
        throw new Error(`no redirect from ${next.pathname}: ${response.status} ${await response.text()}`);
      next = new URL(location, next);
    }
    throw new Error('too many redirects');
  }
}
