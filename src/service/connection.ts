import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { AnswerHead } from './answer-head.ts';
import { type AnswerListener, AnswerReader } from './answer-reader.ts';
import type { Dialler } from './dial.ts';
import type { UpstreamRequest } from './request-head.ts';
import { SlowAnswer } from './upstream-error.ts';
import { type Upload, writeRequest } from './write-request.ts';

export interface ConnectionOptions {
  readonly dialler: Dialler;
  /** Milliseconds for the head of an answer, once the request is written; 0: no limit. */
  readonly headTimeout: number;
  /** Bytes of an answer's head. */
  readonly maxHead: number;
}

/** Where a connection goes when it is not in use. */
export interface ConnectionOwner {
  readonly options: ConnectionOptions;
  /** It is fit for another request. */
  put(connection: Connection): void;
  /** It has been closed. */
  closed(connection: Connection): void;
}

/** Whoever waits for an answer. `end` or `failed` comes last, once; neither after an `abort`. */
export interface AnswerTaker extends AnswerListener {
  /** The first byte is about to be written: from here on the server may act on it. */
  sending(): void;
  failed(error: Error): void;
  /** All bytes at hand have been looked at; not after `end` or `failed`. */
  caughtUp(): void;
}

const nothing = Buffer.alloc(0);

/**
 * One connection to a server, used by one request at a time and made when the first one is sent. A byte that nobody asked
 * for ends it: on an idle connection, behind an answer, before a request was written (data-plane §6).
 */
export class Connection implements AnswerListener {
  /** When it has been idle for too long, by the clock of `performance.now()`. */
  idleUntil = 0;
  readonly #owner: ConnectionOwner;
  readonly #reader: AnswerReader;
  #socket: Socket | undefined;
  #taker: AnswerTaker | undefined;
  #request: UpstreamRequest | undefined;
  /** The request is on its way: what comes now is its answer. */
  #asked = false;
  /** All of the request has been written. */
  #sent = false;
  #upload: Upload | undefined;
  /** Seconds that the server keeps an idle connection for, as it last said. */
  #keepAlive: number | undefined;
  #persistent = true;
  #reading = false;
  /** Came in while the reader was paused. */
  #unread: Buffer | undefined;
  #headTimer: NodeJS.Timeout | undefined;
  #error: Error | undefined;
  #over = false;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
    this.#reader = new AnswerReader(owner.options.maxHead);
  }

  /** Fit for another request, as far as is known. */
  get usable(): boolean {
    const socket = this.#socket;
    return !this.#over && socket !== undefined && !socket.destroyed && socket.writable && socket.readable;
  }

  /** Seconds after which the server will close it when idle; undefined when it has not said. */
  get keepAlive(): number | undefined {
    return this.#keepAlive;
  }

  get paused(): boolean {
    return this.#reader.paused;
  }

  /** Sends a request, on a connection that is made for it when there is none. */
  send(request: UpstreamRequest, taker: AnswerTaker): void {
    this.#request = request;
    this.#taker = taker;
    this.#asked = false;
    // What has come in with the last bytes is looked at first: it may tell that this connection is not to be used.
    if (this.#socket === undefined) this.#dial();
    else setImmediate(write, this);
  }

  pause(): void {
    this.#reader.paused = true;
    if (!this.#reading) this.#socket?.pause();
  }

  resume(): void {
    if (!this.#reader.paused) return;
    this.#reader.paused = false;
    if (!this.#reading) queueMicrotask(() => this.#goOn());
  }

  /** Gives up: nothing more is told to whoever waits, and the connection ends. */
  abort(): void {
    this.#taker = undefined;
    this.close();
  }

  /** Closes the connection for good. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#headTimer);
    this.#upload?.stop();
    this.#upload = undefined;
    this.#request = undefined;
    this.#unread = undefined;
    this.#reader.stop();
    this.#socket?.destroy();
    this.#owner.closed(this);
  }

  // --- the request

  #dial(): void {
    this.#owner.options.dialler.dial((error, socket) => {
      if (this.#over) {
        socket?.destroy();
      } else if (socket === null) {
        this.#fail(error ?? new Error('no connection'));
      } else {
        this.#attach(socket);
        this.write();
      }
    });
  }

  /** Writes the request that waits, unless the connection has gone meanwhile: then on another one, as nothing was sent. */
  write(): void {
    const request = this.#request;
    const taker = this.#taker;
    if (request === undefined || taker === undefined || this.#over) return;
    const socket = this.#socket;
    if (socket === undefined || !this.usable) {
      this.#drop();
      this.#dial();
      return;
    }
    taker.sending();
    this.#asked = true;
    this.#request = undefined;
    this.#reader.begin(request.method, this);
    this.#sent = false;
    this.#upload = writeRequest(socket, request, (error) => {
      this.#upload = undefined;
      if (error === undefined) this.#wroteAll();
      else this.#fail(error);
    });
    if (this.#upload === undefined) this.#wroteAll();
  }

  #wroteAll(): void {
    this.#sent = true;
    const limit = this.#owner.options.headTimeout;
    if (limit > 0 && this.#reader.awaitsHead) this.#headTimer = setTimeout(() => this.#fail(new SlowAnswer()), limit);
  }

  // --- the socket

  #attach(socket: Socket): void {
    this.#socket = socket;
    this.#error = undefined;
    this.#persistent = true;
    this.#keepAlive = undefined;
    socket.on('data', (bytes: Buffer) => {
      if (socket === this.#socket) this.#take(bytes);
    });
    socket.on('end', () => {
      if (socket === this.#socket) this.#serverEnded();
    });
    socket.on('error', (error) => {
      if (socket === this.#socket) this.#error = error;
    });
    socket.on('close', () => {
      if (socket === this.#socket) this.#gone();
    });
  }

  /** Forgets the socket; another one may follow. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }

  #serverEnded(): void {
    if (!this.#asked) {
      this.#gone();
      return;
    }
    try {
      this.#reader.finish();
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (this.#reader.busy) this.#fail(new Error('the connection was closed'));
    else this.#complete(false);
  }

  /** Nothing more comes. */
  #gone(): void {
    if (this.#asked) this.#fail(this.#error ?? new Error('the connection was closed'));
    else if (this.#taker === undefined) this.close();
    // A request waits that has not been sent: it gets another connection.
    else this.#drop();
  }

  // --- the answer

  #take(bytes: Buffer): void {
    if (!this.#asked) {
      this.#gone();
      return;
    }
    this.#read(this.#unread === undefined ? bytes : Buffer.concat([this.#unread, bytes]));
  }

  #goOn(): void {
    if (this.#reader.paused || this.#over) return;
    this.#read(this.#unread ?? nothing);
    if (!this.#reader.paused) this.#socket?.resume();
  }

  #read(bytes: Buffer): void {
    if (!this.#reader.busy) return;
    this.#unread = undefined;
    let read = 0;
    this.#reading = true;
    try {
      read = this.#reader.read(bytes);
    } catch (error) {
      this.#fail(error as Error);
      return;
    } finally {
      this.#reading = false;
    }
    if (this.#over) return;
    if (!this.#reader.busy) {
      this.#complete(read === bytes.length);
      return;
    }
    if (read < bytes.length) this.#unread = bytes.subarray(read);
    if (this.#reader.paused) this.#socket?.pause();
    this.#taker?.caughtUp();
  }

  informational(status: number): void {
    this.#taker?.informational(status);
  }

  head(head: AnswerHead): void {
    clearTimeout(this.#headTimer);
    this.#persistent = head.persistent;
    this.#keepAlive = head.keepAlive ?? this.#keepAlive;
    this.#taker?.head(head);
  }

  data(piece: Buffer): void {
    this.#taker?.data(piece);
  }

  /** The reader is at the end; what follows decides about the connection, see {@link #complete}. */
  end(): void {}

  /** `clean`: there is nothing behind the answer. */
  #complete(clean: boolean): void {
    const taker = this.#taker;
    this.#taker = undefined;
    this.#asked = false;
    // What is still on its way would come before the next request, to a server that may have lost its interest in it.
    const sent = this.#sent && this.#socket?.writableLength === 0;
    if (clean && this.#persistent && sent && this.usable) {
      if (this.#socket?.isPaused() === true) this.#socket.resume();
      this.#owner.put(this);
    } else {
      this.close();
    }
    taker?.end();
  }

  #fail(error: Error): void {
    const taker = this.#taker;
    this.#taker = undefined;
    this.close();
    taker?.failed(error);
  }
}

function write(connection: Connection): void {
  connection.write();
}
