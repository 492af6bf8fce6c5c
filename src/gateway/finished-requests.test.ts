import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { useFakeTime, useRealTime } from '../../test/support/fake-time.ts';
import type { IncomingExchange } from '../entrypoint/incoming-exchange.ts';
import { FinishedRequests, type Hearers } from './finished-requests.ts';

beforeEach(useFakeTime);
afterEach(useRealTime);

/** Hearers that note what they are told, in one list. */
function noted(): { heard: string[]; hearers: Hearers } {
  const heard: string[] = [];
  const hearers = {
    accessLog: { record: (_exchange: unknown, about: { status: number }) => heard.push(`log ${about.status}`) },
    metrics: { record: (_exchange: unknown, about: { status: number }) => heard.push(`count ${about.status}`) },
    tracer: { finished: (_exchange: unknown, status: number) => heard.push(`trace ${status}`) },
    audit: undefined,
  };
  return { heard, hearers: hearers as unknown as Hearers };
}

const exchange = (): IncomingExchange => testExchange() as unknown as IncomingExchange;

test('those that end together are told one after the other, each once, to one hearer after the other', () => {
  const { heard, hearers } = noted();
  const finished = new FinishedRequests(hearers);
  finished.add(exchange(), 200);
  vi.advanceTimersByTime(1);
  finished.add(exchange(), 403);
  expect(heard).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(heard).toEqual(['log 200', 'log 403', 'count 200', 'count 403', 'trace 200', 'trace 403']);
  vi.advanceTimersByTime(100);
  expect(heard).toHaveLength(6);
  finished.add(exchange(), 500);
  vi.advanceTimersByTime(2);
  expect(heard.slice(6)).toEqual(['log 500', 'count 500', 'trace 500']);
});

test('whoever asks is told at once, and nothing is told twice', () => {
  const { heard, hearers } = noted();
  const finished = new FinishedRequests(hearers);
  finished.add(exchange(), 200);
  finished.tell();
  expect(heard).toEqual(['log 200', 'count 200', 'trace 200']);
  finished.add(exchange(), 201);
  vi.advanceTimersByTime(10);
  expect(heard.slice(3)).toEqual(['log 201', 'count 201', 'trace 201']);
});

test('eight are told of at once, and what is left in time', () => {
  const { heard, hearers } = noted();
  const finished = new FinishedRequests({ ...hearers, metrics: undefined, tracer: undefined });
  for (let status = 200; status < 207; status++) finished.add(exchange(), status);
  expect(heard).toEqual([]);
  finished.add(exchange(), 207);
  expect(heard).toHaveLength(8);
  finished.add(exchange(), 208);
  vi.advanceTimersByTime(1);
  expect(heard).toHaveLength(8);
  vi.advanceTimersByTime(1);
  expect(heard.at(-1)).toBe('log 208');
  vi.advanceTimersByTime(100);
  expect(heard).toHaveLength(9);
});

test('a hearer that nobody set up is left out', () => {
  const { heard, hearers } = noted();
  const finished = new FinishedRequests({ ...hearers, metrics: undefined, tracer: undefined });
  finished.add(exchange(), 200);
  finished.tell();
  expect(heard).toEqual(['log 200']);
});
