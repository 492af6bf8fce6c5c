import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { UpstreamRequest } from './request-head.ts';

/** Bodies up to this size are written together with the head, in one piece. */
const smallBody = 16 * 1024;

/**
 * Writes a request. One whose body has yet to come from the client is under way when this returns; then `done` is called
 * once all is written, or when the body breaks off.
 */
export function writeRequest(
  socket: Socket,
  { head, body, length }: UpstreamRequest,
  done: (error: Error | undefined) => void,
): Upload | undefined {
  if (body === null) {
    socket.write(head, 'latin1');
  } else if (!Buffer.isBuffer(body)) {
    socket.write(head, 'latin1');
    return new Upload(body, socket, length, done);
  } else if (body.length <= smallBody) {
    // As text, which has a character for each byte: one system call without gathering buffers.
    socket.write(head + body.toString('latin1'), 'latin1');
  } else {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  }
  return undefined;
}

/**
 * Sends a body as it comes from a client, at the pace of the slower side. The stream is a client's connection, too: whatever
 * happens here it is never destroyed.
 */
export class Upload {
  readonly #source: Readable;
  readonly #socket: Socket;
  /** Bytes that were declared; undefined: sent in chunks. */
  readonly #length: number | undefined;
  readonly #done: (error: Error | undefined) => void;
  #sent = 0;

  /** Calls back once all is written, or when the body breaks off; not after `stop`. */
  constructor(source: Readable, socket: Socket, length: number | undefined, done: (error: Error | undefined) => void) {
    this.#source = source;
    this.#socket = socket;
    this.#length = length;
    this.#done = done;
    source.on('data', this.#onData);
    source.on('end', this.#onEnd);
    source.on('error', this.#onBreak);
    source.on('close', this.#onBreak);
    socket.on('drain', this.#onDrain);
    source.resume();
  }

  /** What has not been sent stays with the client. */
  stop(): void {
    const source = this.#source;
    source.off('data', this.#onData);
    source.off('end', this.#onEnd);
    source.off('error', this.#onBreak);
    source.off('close', this.#onBreak);
    this.#socket.off('drain', this.#onDrain);
    // Without any listener, an error of a client would be one of the process; by then the connection may serve another.
    source.on('error', ignore);
    source.pause();
  }

  readonly #onData = (piece: Buffer): void => {
    if (piece.length === 0) return;
    this.#sent += piece.length;
    if (this.#length !== undefined && this.#sent > this.#length) {
      this.#finish(new Error('the request is longer than it said'));
      return;
    }
    const socket = this.#socket;
    let more: boolean;
    if (this.#length === undefined) {
      socket.cork();
      socket.write(`${piece.length.toString(16)}\r\n`, 'latin1');
      socket.write(piece);
      more = socket.write('\r\n', 'latin1');
      socket.uncork();
    } else {
      more = socket.write(piece);
    }
    if (!more) this.#source.pause();
  };

  readonly #onDrain = (): void => {
    this.#source.resume();
  };

  readonly #onEnd = (): void => {
    if (this.#length === undefined) this.#socket.write('0\r\n\r\n', 'latin1');
    const short = this.#length !== undefined && this.#sent < this.#length;
    this.#finish(short ? new Error('the request is shorter than it said') : undefined);
  };

  readonly #onBreak = (): void => {
    this.#finish(new Error('the request broke off'));
  };

  #finish(error: Error | undefined): void {
    this.stop();
    this.#done(error);
  }
}

function ignore(): void {}
