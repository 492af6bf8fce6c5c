import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useFakeTime, useRealTime } from '../../test/support/fake-time.ts';
import { Deadlines, type Timed } from './deadlines.ts';

beforeEach(useFakeTime);
afterEach(useRealTime);

test('each is late once, when its time is over, unless it ended before', () => {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 60 }),
    // Adds one, or ends the n-th of those that go on.
    what: fc.oneof(fc.constant('add' as const), fc.nat(5)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limit = 100;
      const deadlines = new Deadlines(limit);
      const late = new Map<Timed, number>();
      const going: { readonly one: Timed; readonly until: number }[] = [];
      const expected = new Map<Timed, number>();
      const pass = (wait: number): void => {
        vi.advanceTimersByTime(wait);
        for (const { one, until } of going.splice(0))
          if (until <= performance.now()) expected.set(one, until);
          else going.push({ one, until });
      };
      for (const { wait, what } of steps) {
        pass(wait);
        if (what === 'add') {
          const one: Timed = {
            due: 0,
            before: undefined,
            behind: undefined,
            late: () => {
              expect(late.has(one)).toBe(false);
              late.set(one, performance.now());
            },
          };
          deadlines.add(one);
          going.push({ one, until: performance.now() + limit });
        } else {
          const [ended] = going.splice(what, 1);
          if (ended !== undefined) deadlines.remove(ended.one);
        }
      }
      pass(1_000);
      expect([...late]).toEqual([...expected]);
    }),
  );
});
