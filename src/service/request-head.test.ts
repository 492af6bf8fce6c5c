import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderFields } from '../http/headers.ts';
import { requestHead } from './request-head.ts';
import { UnsendableRequest } from './upstream-error.ts';

const head = (method: string, target: string, name: string, value: string, length: number | undefined): string =>
  requestHead({
    method,
    target,
    host: 'a',
    headers: HeaderFields.fromRaw([name, value]),
    passes: () => true,
    length,
  });

describe('[DP-1.framing] the head of a request', () => {
  it.each([
    ['POST', 0, 'POST /mcp HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\nX-A: b\r\ncontent-length: 0\r\n\r\n'],
    ['GET', 0, 'GET /mcp HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\nX-A: b\r\n\r\n'],
    ['DELETE', 5, 'DELETE /mcp HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\nX-A: b\r\ncontent-length: 5\r\n\r\n'],
    [
      'PUT',
      undefined,
      'PUT /mcp HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\nX-A: b\r\ntransfer-encoding: chunked\r\n\r\n',
    ],
  ])('%s with %s bytes', (method, length, expected) => {
    expect(head(method, '/mcp', 'X-A', 'b', length)).toBe(expected);
  });

  it.each([
    ['a method with a blank', 'GET /x HTTP/1.1\r\nX:', '/', 'X-A', 'b'],
    ['no method', '', '/', 'X-A', 'b'],
    ['a path with a blank', 'GET', '/a b', 'X-A', 'b'],
    ['a path with a line end', 'GET', '/a\r\nX-B:c', 'X-A', 'b'],
    ['no path', 'GET', '', 'X-A', 'b'],
    ['a path outside ISO 8859-1', 'GET', '/\u20ac', 'X-A', 'b'],
    ['a name with a colon', 'GET', '/', 'X-A: c\r\nX-B', 'b'],
    ['no name', 'GET', '/', '', 'b'],
    ['a value with a line end', 'GET', '/', 'X-A', 'b\r\nX-B: c'],
    ['a value with a lone CR', 'GET', '/', 'X-A', 'b\rc'],
    ['a value with a NUL', 'GET', '/', 'X-A', 'b\0c'],
    ['a value outside ISO 8859-1', 'GET', '/', 'X-A', '\u20ac'],
  ])('is not made with %s', (_what, method, target, name, value) => {
    expect(() => head(method, target, name, value, 0)).toThrow(UnsendableRequest);
  });

  it('has as many lines as it was given fields, whatever is in them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        let made: string;
        try {
          made = head('GET', '/', name, value, 0);
        } catch (error) {
          expect(error).toBeInstanceOf(UnsendableRequest);
          return;
        }
        expect(made.split(/[\r\n]+/)).toEqual([
          'GET / HTTP/1.1',
          'host: a',
          'connection: keep-alive',
          `${name}: ${value}`,
          '',
        ]);
      }),
    );
  });
});
