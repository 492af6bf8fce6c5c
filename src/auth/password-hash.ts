import { Buffer } from 'node:buffer';
import { createHash, timingSafeEqual } from 'node:crypto';
import apacheMd5 from 'apache-md5';
import { compare } from 'bcryptjs';

/** One hash as `htpasswd` writes it. */
export interface PasswordHash {
  readonly kind: 'bcrypt' | 'md5' | 'sha1';
  /** The text of the hash. */
  readonly text: string;
  matches(password: string): Promise<boolean>;
}

/** A hash that cannot be used. The message never holds the hash. */
export class InvalidHash extends Error {
  override readonly name = 'InvalidHash';
}

/** bcrypt's cost doubles the time with each step; at 15 one check takes seconds. */
const maxBcryptCost = 14;

const forms: readonly { form: RegExp; make(text: string, match: RegExpExecArray): PasswordHash }[] = [
  {
    form: /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/,
    make(text, match) {
      if (Number(match[1]) > maxBcryptCost) {
        throw new InvalidHash(
          `a bcrypt cost of ${match[1]} makes every sign-in take seconds; use ${maxBcryptCost} or less`,
        );
      }
      return { kind: 'bcrypt', text, matches: (password) => compare(password, text) };
    },
  },
  {
    form: /^(\$(?:apr1|1)\$[^$:\s]{1,8}\$)[./A-Za-z0-9]{22}$/,
    make(text) {
      return {
        kind: 'md5',
        text,
        matches: (password) =>
          Promise.resolve(equal(apacheMd5(Buffer.from(password, 'utf8').toString('latin1'), text), text)),
      };
    },
  },
  {
    form: /^\{SHA\}([A-Za-z0-9+/]{27}=)$/,
    make(text) {
      return {
        kind: 'sha1',
        text,
        matches: (password) =>
          Promise.resolve(equal(`{SHA}${createHash('sha1').update(password, 'utf8').digest('base64')}`, text)),
      };
    },
  },
];

/**
 * Reads a hash: bcrypt (`$2y$`), MD5 (`$apr1$`, `$1$`) or SHA-1 (`{SHA}`).
 *
 * @throws {InvalidHash}
 */
export function parsePasswordHash(text: string): PasswordHash {
  for (const { form, make } of forms) {
    const match = form.exec(text);
    if (match !== null) return make(text, match);
  }
  throw new InvalidHash('not a bcrypt, MD5 or SHA-1 hash; make one with: htpasswd -nB USER');
}

/** A line of an htpasswd file. */
export interface PasswordEntry {
  /** Undefined for a bare hash, and for the empty name of `htpasswd -n ""`. */
  readonly user: string | undefined;
  readonly hash: PasswordHash;
}

/**
 * Reads a line: `user:hash`, or only a hash.
 *
 * @throws {InvalidHash}
 */
export function parsePasswordEntry(line: string): PasswordEntry {
  const colon = line.indexOf(':');
  const user = colon > 0 ? line.slice(0, colon) : undefined;
  return { user, hash: parsePasswordHash(line.slice(colon + 1)) };
}

/** The lines of htpasswd texts, without blank ones and comments. */
export function htpasswdLines(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.split(/\r?\n/))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
