declare module 'apache-md5' {
  /**
   * Apache's MD5 (`$apr1$`) or crypt's (`$1$`) hash of a password under the salt of an existing hash. Takes each character
   * as one byte.
   */
  export default function apacheMd5(password: string, saltOrHash: string): string;
}
