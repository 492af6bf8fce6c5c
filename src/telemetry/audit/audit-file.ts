import { closeSync, fdatasync, mkdirSync, openSync, write } from 'node:fs';
import { dirname } from 'node:path';

/** Where audited lines go for good. */
export interface AuditOutlet {
  /** Calls back once all of the bytes are written, or with the error and the number of bytes that were. */
  write(bytes: Buffer, done: (error: Error | null, written: number) => void): void;
  reopen(): void;
  close(): void;
}

/** Opens a file for appending; folders on the way are made, nobody but the owner may read a new one. Throws when it cannot. */
export function openAuditFile(path: string, options: { readonly sync: boolean }): AuditOutlet {
  mkdirSync(dirname(path), { recursive: true });
  let fd = openSync(path, 'a', 0o600);
  const flush = (done: (error: Error | null) => void): void => {
    if (options.sync) fdatasync(fd, (error) => done(error));
    else done(null);
  };
  const writeFrom = (bytes: Buffer, offset: number, done: (error: Error | null, written: number) => void): void => {
    write(fd, bytes, offset, bytes.length - offset, null, (error, count) => {
      if (error !== null) done(error, offset);
      else if (offset + count < bytes.length) writeFrom(bytes, offset + count, done);
      else flush((failure) => done(failure, bytes.length));
    });
  };
  return {
    write: (bytes, done) => writeFrom(bytes, 0, done),
    reopen() {
      const next = openSync(path, 'a', 0o600);
      const before = fd;
      fd = next;
      closeSync(before);
    },
    close: () => closeSync(fd),
  };
}
