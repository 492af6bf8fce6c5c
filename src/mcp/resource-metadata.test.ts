import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { metadataDocument, metadataPlace, respondWithMetadata } from './resource-metadata.ts';

describe('[DP-4.wellknown] the metadata of a resource lives at', () => {
  it.each([
    [
      'https://mcp.localhost/deepwiki-mcp',
      'mcp.localhost',
      '/.well-known/oauth-protected-resource/deepwiki-mcp',
      'https://mcp.localhost',
    ],
    ['https://gw.example', 'gw.example', '/.well-known/oauth-protected-resource', 'https://gw.example'],
    ['https://gw.example/', 'gw.example', '/.well-known/oauth-protected-resource', 'https://gw.example'],
    [
      'https://GW.example:8443/a/b/',
      'gw.example',
      '/.well-known/oauth-protected-resource/a/b/',
      'https://gw.example:8443',
    ],
    ['https://gw.example:443/a', 'gw.example', '/.well-known/oauth-protected-resource/a', 'https://gw.example'],
    ['http://[::1]:9000/a', '::1', '/.well-known/oauth-protected-resource/a', 'http://[::1]:9000'],
    [
      'https://gw.example/a`) || PathPrefix(`/',
      'gw.example',
      '/.well-known/oauth-protected-resource/a%60)%20||%20PathPrefix(%60/',
      'https://gw.example',
    ],
  ])('%s', (resource, host, path, origin) => {
    expect(metadataPlace(resource)).toEqual({ host, path, url: origin + path });
  });

  it.each([
    'mcp.localhost/a',
    '/a',
    'ftp://x/a',
    'https://x/a?b=c',
    'https://x/a#b',
    'https://x/a?',
    'https://x/a#',
    'https://user:pw@x/a',
    'https://',
  ])('nowhere: %s', (resource) => {
    expect(() => metadataPlace(resource)).toThrow(TypeError);
  });
});

describe('[DP-4.document] the document', () => {
  it('[G-7.metadata] of the guide', () => {
    const document = metadataDocument({
      resource: 'https://mcp.localhost/deepwiki-mcp',
      authorizationServers: ['https://mcp.localhost/oauth/authorize'],
      resourceDocumentation: 'https://docs.devin.ai/work-with-devin/deepwiki-mcp',
    });
    expect(JSON.parse(document)).toEqual({
      resource: 'https://mcp.localhost/deepwiki-mcp',
      authorization_servers: ['https://mcp.localhost/oauth/authorize'],
      bearer_methods_supported: ['header'],
      resource_documentation: 'https://docs.devin.ai/work-with-devin/deepwiki-mcp',
    });
  });

  it('has its keys in the order of RFC 9728 and leaves out what is empty', () => {
    const document = metadataDocument({
      resourceDocumentation: 'https://d',
      resourceName: 'Wiki',
      scopesSupported: ['a'],
      authorizationServers: ['https://as'],
      resource: 'https://r',
    });
    expect(Object.keys(JSON.parse(document))).toEqual([
      'resource',
      'authorization_servers',
      'scopes_supported',
      'bearer_methods_supported',
      'resource_name',
      'resource_documentation',
    ]);
    expect(metadataDocument({ resource: 'https://r', authorizationServers: [], scopesSupported: [] })).toBe(
      '{"resource":"https://r","bearer_methods_supported":["header"]}',
    );
  });
});

describe('[DP-4.public] the document is answered', () => {
  const document = '{"resource":"https://r"}';
  const ask = (method: string, headers: Record<string, string> = {}) =>
    respondWithMetadata(document, testExchange({ method, headers }));

  it('to GET, for every page, to be kept an hour', () => {
    const reply = ask('GET');
    expect(reply.status).toBe(200);
    expect(String(reply.body)).toBe(document);
    expect(reply.headers.get('content-type')).toBe('application/json');
    expect(reply.headers.get('access-control-allow-origin')).toBe('*');
    expect(reply.headers.get('cache-control')).toBe('max-age=3600');
  });

  it('to HEAD without a body but with its length', () => {
    const reply = ask('HEAD');
    expect(reply).toMatchObject({ status: 200, body: null });
    expect(reply.headers.get('content-length')).toBe(String(document.length));
  });

  it('to a preflight, with the headers it asks for', () => {
    const reply = ask('OPTIONS', { 'Access-Control-Request-Headers': 'mcp-protocol-version, authorization' });
    expect(reply).toMatchObject({ status: 204, body: null });
    expect(reply.headers.get('access-control-allow-headers')).toBe('mcp-protocol-version, authorization');
    expect(reply.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
  });

  it('but not to POST', () => {
    const reply = ask('POST');
    expect(reply.status).toBe(405);
    expect(reply.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });
});
