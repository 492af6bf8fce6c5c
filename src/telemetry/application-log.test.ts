import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptSink } from '../../test/support/kept-log.ts';
import { type ApplicationLogOptions, createApplicationLog } from './application-log.ts';
import type { LogFields, LogLevel } from './log.ts';

function collect(options: Partial<ApplicationLogOptions> = {}) {
  const lines: string[] = [];
  const sink = keptSink('log', (line) => lines.push(line));
  const now = () => new Date('2025-10-07T13:39:51.250Z');
  const log = createApplicationLog({ level: 'DEBUG', format: 'common', noColor: true, ...options }, { sink, now });
  return { ...log, lines, sink };
}

describe('common format', () => {
  test.each<[LogLevel, string, LogFields | undefined, string]>([
    [
      'debug',
      'The request has been denied since no policy matched',
      { middlewareType: 'mcp', middlewareName: 'apps-deepwiki-mcp-gateway@kubernetescrd' },
      'DBG The request has been denied since no policy matched middlewareName=apps-deepwiki-mcp-gateway@kubernetescrd middlewareType=mcp',
    ],
    ['info', 'hello', undefined, 'INF hello'],
    ['warn', 'hello', { b: 2, a: true, error: 'no' }, 'WRN hello error=no a=true b=2'],
    ['error', 'hello', { a: undefined }, 'ERR hello'],
    [
      'info',
      'hello',
      { a: '', b: 'x y', c: 'x"y', d: 'x\\y', e: 'é' },
      'INF hello a="" b="x y" c="x\\"y" d="x\\\\y" e="é"',
    ],
    ['info', 'one\ntwo', undefined, 'INF one\n    two'],
    ['info', 'a\u001b[31mb\rc\u0000d\u2028e', undefined, 'INF a\\u001b[31mb\\rc\\u0000d\\u2028e'],
    ['info', 'x', { a: 'b\nc' }, 'INF x a="b\\nc"'],
  ])('[AR-log-format] %s %j %j', (level, message, fields, expected) => {
    const { logger, lines } = collect();
    logger[level](message, fields);
    expect(lines).toEqual([`2025-10-07T13:39:51Z ${expected}\n`]);
  });

  test('a value cannot carry the controls that JSON leaves as they are', () => {
    const { logger, lines } = collect();
    logger.info('x', { value: '\x7f\x9b31m\u2028' });
    expect(lines.join('')).toBe('2025-10-07T13:39:51Z INF x value="\\u007f\\u009b31m\\u2028"\n');
  });

  test('whatever is logged, nothing in it can begin a line or reach the terminal as a command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (message, value) => {
        const { logger, lines } = collect();
        logger.info(message, { value });
        const text = lines.join('');
        expect(text.endsWith('\n')).toBe(true);
        for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
          expect(line.startsWith(index === 0 ? '2025-10-07T13:39:51Z INF ' : '    ')).toBe(true);
          expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
        }
      }),
    );
  });
});

describe('json format', () => {
  test('[AR-log-format] one object per line; a field cannot pass for one of the fixed three', () => {
    const { logger, lines } = collect({ format: 'json' });
    logger.with({ a: 1, b: 'x' }).warn('hi\nthere', { b: 'y', c: undefined, level: 'none', time: 0, message: 'no' });
    expect(lines[0]?.split('\n')).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: '2025-10-07T13:39:51.250Z',
      message: 'hi\nthere',
      a: 1,
      b: 'y',
      'field.level': 'none',
      'field.time': 0,
      'field.message': 'no',
    });
  });
});

test.each<[ApplicationLogOptions['level'], readonly LogLevel[]]>([
  ['DEBUG', ['debug', 'info', 'warn', 'error']],
  ['INFO', ['info', 'warn', 'error']],
  ['WARN', ['warn', 'error']],
  ['ERROR', ['error']],
])('level %s writes %j', (level, expected) => {
  const { logger, lines } = collect({ level, format: 'json' });
  for (const each of ['debug', 'info', 'warn', 'error'] as const) {
    logger[each](each);
    expect(logger.enabled(each)).toBe(expected.includes(each));
  }
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(expected);
});

test('loggers that add fields do not share them', () => {
  const { logger, lines } = collect();
  const route = logger.with({ router: 'a' });
  route.with({ more: 1 }).info('x');
  route.info('y');
  logger.info('z');
  expect(lines.map((line) => line.slice(25))).toEqual(['x more=1 router=a\n', 'y router=a\n', 'z\n']);
});

test('lines that were lost are told when the reader is back', () => {
  const { sink, lines } = collect();
  sink.onRecovered?.(7);
  expect(lines).toEqual([
    '2025-10-07T13:39:51Z WRN Log lines were dropped because their reader was too slow lines=7\n',
  ]);
});
