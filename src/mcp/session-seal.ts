import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Who a session belongs to: an id sealed for one owner opens for no other. */
export interface SessionOwner {
  /** What identifies the route; the same on every replica. */
  readonly route: string;
  /** `bindingKey` of the caller's identity. */
  readonly principal: string;
}

const nonceLength = 12;
const tagLength = 16;
const prefix = 'p1.';
/** Longer ids than this are not ours; opening them would only cost time. */
const maxSealedLength = 8192;
const base64url = /^[A-Za-z0-9_-]+$/;

/**
 * Turns an upstream's session id into one that only its owner can use, and back. AES-256-GCM with the owner as
 * associated data; nothing is stored, so any replica with the same key, and a restarted one, opens it.
 *
 * The nonce is a keyed hash of owner and id (a synthetic IV, in the manner of RFC 5297): equal input gives an equal
 * sealed id, so a server that repeats its id on every answer does not make the client's change, and a nonce can only
 * repeat together with the whole message.
 */
export class SessionSeal {
  readonly #encryptionKey: Buffer;
  readonly #nonceKey: Buffer;

  private constructor(secret: Uint8Array) {
    const derive = (purpose: string) =>
      Buffer.from(hkdfSync('sha256', secret, '', `portcullis session ${purpose} v1`, 32));
    this.#encryptionKey = derive('encryption');
    this.#nonceKey = derive('nonce');
  }

  /** @param secret - any text with at least 128 bits of entropy, shared by all replicas */
  static fromSecret(secret: string): SessionSeal {
    return new SessionSeal(Buffer.from(secret, 'utf8'));
  }

  /** A key of this process alone: sessions end with it. */
  static random(): SessionSeal {
    return new SessionSeal(randomBytes(32));
  }

  /** The id that the client sees: visible ASCII (MCP 2025-11-25, transports, session management), URL-safe. */
  seal(upstreamId: string, owner: SessionOwner): string {
    const binding = bindingOf(owner);
    const plain = Buffer.from(upstreamId, 'latin1');
    const nonce = createHmac('sha256', this.#nonceKey).update(binding).update(plain).digest().subarray(0, nonceLength);
    const cipher = createCipheriv('aes-256-gcm', this.#encryptionKey, nonce);
    cipher.setAAD(binding);
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return prefix + sealed.toString('base64url');
  }

  /** The upstream's id, or undefined for an id that was altered, sealed for someone else, or never sealed. */
  open(clientId: string, owner: SessionOwner): string | undefined {
    if (!clientId.startsWith(prefix) || clientId.length > maxSealedLength) return undefined;
    const text = clientId.slice(prefix.length);
    if (!base64url.test(text)) return undefined;
    const sealed = Buffer.from(text, 'base64url');
    // One sealed id has one spelling: bits that base64 ignores may not vary.
    if (sealed.length < nonceLength + tagLength || sealed.toString('base64url') !== text) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#encryptionKey, sealed.subarray(0, nonceLength), {
      authTagLength: tagLength,
    });
    decipher.setAAD(bindingOf(owner));
    decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
    const plain = decipher.update(sealed.subarray(nonceLength, sealed.length - tagLength));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return plain.toString('latin1');
  }
}

/** Length first, so that no two owners join to the same bytes. */
function bindingOf(owner: SessionOwner): Buffer {
  return Buffer.from(`${Buffer.byteLength(owner.route)}:${owner.route}${owner.principal}`, 'utf8');
}
