import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OpenReplies, type OpenReply } from './open-replies.ts';

/** `add`, or something done to the nth of all replies there ever were: those that are over included. */
const step = fc.oneof(
  fc.constant({ act: 'add', nth: 0 } as const),
  fc.record({ act: fc.constantFrom('stays', 'remove'), nth: fc.nat(20) }),
);

test('holds exactly the replies that were added and not removed, and knows the streams among them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const replies = new OpenReplies();
      const ever: OpenReply[] = [];
      /** What it should hold, and whether that is a stream. */
      const model = new Map<OpenReply, boolean>();
      for (const { act, nth } of steps) {
        const reply = act === 'add' ? replies.add({} as ServerResponse) : ever[nth % Math.max(1, ever.length)];
        if (reply === undefined) continue;
        if (act === 'add') {
          ever.push(reply);
          model.set(reply, false);
        } else if (act === 'remove') {
          replies.remove(reply);
          model.delete(reply);
        } else {
          replies.stays(reply);
          if (model.has(reply)) model.set(reply, true);
        }
        const streams = [...model.values()].filter((stream) => stream).length;
        expect(new Set(replies.all)).toEqual(new Set(model.keys()));
        expect([replies.all.length, replies.busy, replies.streams]).toEqual([
          model.size,
          model.size - streams,
          streams,
        ]);
      }
    }),
  );
});
