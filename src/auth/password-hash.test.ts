import { describe, expect, test } from 'vitest';
import { htpasswdLines, InvalidHash, parsePasswordEntry, parsePasswordHash } from './password-hash.ts';

// Made with `openssl passwd -apr1`, `openssl passwd -1`, sha1 and bcrypt.
const hashes: readonly (readonly [string, string, string])[] = [
  ['$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/', 'secret', 'md5'],
  ['$apr1$abcdefgh$030j6I3f1zNCF9tihqdd11', 'pässwörd', 'md5'],
  ['$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1', 'secret', 'md5'],
  ['{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', 'secret', 'sha1'],
  ['$2b$04$5zl3IQ6VFbqxuA9vTM2ySOf4O2fl4/zP67ZOehp7b4YIadGDibmO6', 'secret', 'bcrypt'],
  ['$2y$04$5zl3IQ6VFbqxuA9vTM2ySOf4O2fl4/zP67ZOehp7b4YIadGDibmO6', 'secret', 'bcrypt'],
];

describe('[SEC-password] hashes as htpasswd writes them', () => {
  test.each(hashes)('%s', async (text, password, kind) => {
    const hash = parsePasswordHash(text);
    expect(hash.kind).toBe(kind);
    for (const [guess, right] of [
      [password, true],
      ['', false],
      [`${password} `, false],
      [password.slice(1), false],
      [password.toUpperCase(), false],
      [text, false],
    ] as const) {
      expect(await hash.matches(guess)).toBe(right);
    }
  });

  test.each([
    '',
    'secret',
    '{SHA}secret',
    '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ',
    '{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    '$2y$31$5zl3IQ6VFbqxuA9vTM2ySOf4O2fl4/zP67ZOehp7b4YIadGDibmO6',
    '$2y$04$short',
    '$apr1$$h9FWgUz3n9YxylKLlR5SQ/',
    '$apr1$abcdefgh$',
    '$5$salt$hash',
    '$6$salt$hash',
    'xyJ7iNbVwL0xk',
  ])('%j is refused, and the message does not repeat it', (text) => {
    const attempt = () => parsePasswordHash(text);
    expect(attempt).toThrow(InvalidHash);
    if (text.length > 2) expect(attempt).not.toThrow(text);
  });

  test('a name before the hash is optional', () => {
    const hash = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';
    for (const [line, user] of [
      [`alice:${hash}`, 'alice'],
      [`:${hash}`, undefined],
      [hash, undefined],
    ] as const) {
      const entry = parsePasswordEntry(line);
      expect([entry.user, entry.hash.text]).toEqual([user, hash]);
    }
  });

  test('blank lines and comments do not count', () => {
    expect(htpasswdLines(['a\r\n\n# b\n c ', ''])).toEqual(['a', 'c']);
  });
});
