import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { checkOrigin, compileOrigins } from './origin.ts';

const passes = (
  origin: string,
  header: string | string[] | undefined,
  allowed?: (origin: string) => boolean,
): boolean => {
  const exchange = testExchange({
    origin,
    headers: header === undefined ? {} : { Origin: header },
    allowedOrigins: allowed,
  });
  try {
    checkOrigin(exchange);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) return false;
    throw error;
  }
};

describe('[DP-2.origin] Origin, when sent, is the route’s own or allowed', () => {
  it.each<[string, string | string[] | undefined, boolean]>([
    ['http://mcp.localhost:8000', undefined, true],
    ['http://mcp.localhost:8000', 'http://mcp.localhost:8000', true],
    ['http://mcp.localhost:8000', 'HTTP://MCP.localhost:8000', true],
    ['http://mcp.localhost:8000', 'http://mcp.localhost', false],
    ['http://mcp.localhost:8000', 'https://mcp.localhost:8000', false],
    ['http://mcp.localhost:8000', 'http://evil.example', false],
    ['http://mcp.localhost:8000', 'http://mcp.localhost:8000.evil.example', false],
    ['http://mcp.localhost:8000', 'null', false],
    ['http://mcp.localhost:8000', '', false],
    ['https://mcp.localhost', 'https://mcp.localhost', true],
    ['http://mcp.localhost', 'http://mcp.localhost', true],
    ['http://mcp.localhost:8000', ['http://mcp.localhost:8000', 'http://evil.example'], false],
    ['http://mcp.localhost:8000', ['http://evil.example', 'http://mcp.localhost:8000'], false],
  ])('at %s from %j', (at, header, expected) => {
    expect(passes(at, header)).toBe(expected);
  });

  it('what the route allows passes', () => {
    const allowed = compileOrigins(['https://app.example', 'http://localhost:6274']);
    expect(passes('http://mcp.localhost:8000', 'https://app.example', allowed)).toBe(true);
    expect(passes('http://mcp.localhost:8000', 'https://APP.example', allowed)).toBe(true);
    expect(passes('http://mcp.localhost:8000', 'http://localhost:6274', allowed)).toBe(true);
    expect(passes('http://mcp.localhost:8000', 'http://localhost:6275', allowed)).toBe(false);
    expect(passes('http://mcp.localhost:8000', 'null', allowed)).toBe(false);
  });
});

describe('compileOrigins', () => {
  it('a star allows every origin that has a name', () => {
    expect(compileOrigins(['*'])('https://any.example')).toBe(true);
    expect(compileOrigins(['*'])('null')).toBe(false);
    expect(compileOrigins(['*', 'null'])('null')).toBe(true);
    expect(compileOrigins(['null'])('null')).toBe(true);
  });
  it.each([
    'app.example',
    'https://app.example/',
    'https://app.example/path',
    'https://*.example',
    'https://app.example:443',
    '',
  ])('refuses %j', (entry) => {
    expect(() => compileOrigins([entry])).toThrow(TypeError);
  });
});
