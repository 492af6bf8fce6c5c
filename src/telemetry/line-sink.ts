import { Buffer } from 'node:buffer';
import { fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { PortcullisError } from '../errors.ts';
import { type AppendFile, appendToDescriptor, openAppendFile } from './append-file.ts';
import { ByteWriter } from './byte-writer.ts';
import { FileOutlet, type Outlet } from './file-outlet.ts';

/**
 * Where log lines go. Writing never waits: lines that are due in one turn are written together, and when the reader is
 * too slow or the disk is full the buffer is bounded and what does not fit is dropped and counted.
 */
export interface LineSink {
  /** Takes one line, with its line feed. */
  write(line: string): void;
  /** As `write`, of a line that `encode` writes of the source, straight into the memory that goes to the file. */
  add<Source>(encode: (source: Source, out: ByteWriter) => void, source: Source): void;
  /** Opens the file again after it was renamed by a rotation. Nothing happens for standard output. */
  reopen(): void;
  /** Writes what is left, for at most `withinMs` milliseconds, and takes no more. */
  close(withinMs?: number): Promise<void>;
  /** Lines dropped so far. */
  readonly dropped: number;
  /** Called when lines get through again, with the number of lines dropped in between. */
  onRecovered: ((lost: number) => void) | undefined;
}

export interface SinkOptions {
  /** Absent: standard output. Folders on the way are made. */
  readonly filePath?: string | undefined;
  /** Lines held back so that several are written at once; after a second they are written anyway. */
  readonly holdBack?: number;
  /** Milliseconds that lines may wait for others, so that a busy process writes seldom and much. */
  readonly delay?: number;
  /** Most bytes waiting to be written. */
  readonly maxWaiting?: number;
}

const defaultMaxWaiting = 4 * 1024 * 1024;
/** Bytes that are written without waiting for more. Waking a thread costs as much as writing a quarter of them. */
const muchWaiting = 1024 * 1024;

/** Opens a file, or standard output. Throws `PortcullisError` when the file cannot be written. */
export function openLineSink(options: SinkOptions = {}): LineSink {
  const maxWaiting = options.maxWaiting ?? defaultMaxWaiting;
  const outlet =
    options.filePath === undefined ? openDescriptor(1, maxWaiting) : openFile(options.filePath, maxWaiting);
  return new BatchingSink(outlet, options, maxWaiting);
}

/** As {@link openLineSink}, for a file descriptor that is open already. */
export function openDescriptorSink(fd: number, options: Omit<SinkOptions, 'filePath'> = {}): LineSink {
  const maxWaiting = options.maxWaiting ?? defaultMaxWaiting;
  return new BatchingSink(openDescriptor(fd, maxWaiting), options, maxWaiting);
}

class BatchingSink implements LineSink {
  onRecovered: ((lost: number) => void) | undefined;
  dropped = 0;
  readonly #outlet: Outlet;
  readonly #holdBack: number;
  readonly #delay: number;
  readonly #maxWaiting: number;
  readonly #atExit = () => {
    if (this.#pending.length > 0) this.#outlet.writeNow(this.#pending.written);
  };
  readonly #pending = new ByteWriter();
  #lines = 0;
  #lost = 0;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(outlet: Outlet, { holdBack = 0, delay = 0 }: SinkOptions, maxWaiting: number) {
    this.#outlet = outlet;
    this.#holdBack = holdBack;
    this.#delay = delay;
    this.#maxWaiting = maxWaiting;
    process.on('exit', this.#atExit);
  }

  write(line: string): void {
    if (this.#closed || this.#pending.length + line.length > this.#maxWaiting) {
      this.#drop(1);
      return;
    }
    this.#pending.text(line);
    this.#added();
  }

  add<Source>(encode: (source: Source, out: ByteWriter) => void, source: Source): void {
    const pending = this.#pending;
    const { length } = pending;
    let taken = false;
    try {
      if (!this.#closed) encode(source, pending);
      taken = !this.#closed && pending.length <= this.#maxWaiting;
    } finally {
      // Half a line would spoil the next one.
      if (!taken) pending.length = length;
    }
    if (taken) this.#added();
    else this.#drop(1);
  }

  reopen(): void {
    this.#flush();
    this.#outlet.reopen();
  }

  close(withinMs = 1000): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#flush();
    this.#closed = true;
    process.off('exit', this.#atExit);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#outlet.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #added(): void {
    this.#lines += 1;
    // Much is waiting already: more of it would only make one long write.
    if (this.#pending.length >= muchWaiting) this.#flush();
    else if (this.#lines >= this.#holdBack) this.#schedule();
    else this.#timer ??= setTimeout(() => this.#flush(), 1000).unref();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#delay === 0) {
      setImmediate(() => this.#flush());
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), this.#delay).unref();
  }

  #flush(): void {
    this.#scheduled = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const lines = this.#lines;
    this.#lines = 0;
    if (!this.#outlet.take(this.#pending)) {
      this.#drop(lines);
    } else if (this.#lost > 0) {
      const lost = this.#lost;
      this.#lost = 0;
      this.onRecovered?.(lost);
    }
  }

  #drop(lines: number): void {
    this.dropped += lines;
    this.#lost += lines;
  }
}

/**
 * A pipe or socket must be written without blocking: a blocked write in the thread pool would hold a thread for as long
 * as the reader sleeps, and the end of the process with it. Files and terminals go through the thread pool.
 */
function openDescriptor(fd: number, maxWaiting: number): Outlet {
  const kind = fstatSync(fd);
  if (!kind.isFIFO() && !kind.isSocket()) return new FileOutlet(appendToDescriptor(fd), maxWaiting);
  const socket = new Socket({ fd, readable: false, writable: true });
  let gone = false;
  socket.on('error', () => {
    gone = true;
  });
  // The log must not keep the process alive.
  socket.unref();
  return {
    take(lines) {
      const bytes = Buffer.from(lines.written);
      lines.length = 0;
      if (gone || socket.writableLength + bytes.length > maxWaiting) return false;
      socket.write(bytes);
      return true;
    },
    reopen() {},
    end(done) {
      if (gone || socket.writableLength === 0) done();
      else socket.ref().once('drain', done).once('error', done);
    },
    writeNow(bytes) {
      if (gone || socket.writableLength > 0) return;
      try {
        writeSync(fd, bytes);
      } catch {
        // A full pipe: the process is ending, and a lost line must not change how.
      }
    },
  };
}

function openFile(path: string, maxWaiting: number): Outlet {
  let file: AppendFile;
  try {
    file = openAppendFile(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'not a path';
    throw new PortcullisError('CONFIG_INVALID_VALUE', `the log file ${path} cannot be written (${reason})`);
  }
  return new FileOutlet(file, maxWaiting);
}
