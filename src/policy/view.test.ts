import { expect, test } from 'vitest';
import { objectOf, type Plain, requestOf } from '../../test/support/policy.ts';
import { type View, viewsOf } from './view.ts';

/** What a view says, with the parameters in it. */
const told = ({ as, facts, lifecycle, onlyRules }: View) => [as, facts.method, facts.params, lifecycle, onlyRules];

function viewsFor(
  method: Plain,
  params?: { readonly [key: string]: Plain },
  kind: 'request' | 'response' | 'stream' = 'request',
) {
  const views = viewsOf(requestOf({ kind, mcp: { method, ...(params === undefined ? {} : { params }) } }));
  return views === undefined ? undefined : [views.primary, ...views.others].map(told);
}

const meta: Plain = { k: 'x' };

test('[PL-5.completion] a completion is judged as the use of what it refers to, and as a message that only a rule refuses', () => {
  const ref: Plain = { type: 'ref/prompt', name: 'p' };
  expect(viewsFor('completion/complete', { ref, argument: { name: 'a' } })).toStrictEqual([
    ['reference', 'prompts/get', objectOf({ name: 'p' }), false, false],
    ['message', 'completion/complete', objectOf({ ref, argument: { name: 'a' }, name: 'p' }), false, true],
  ]);
  const resource: Plain = { type: 'ref/resource', uri: 'db://{x}' };
  expect(viewsFor('completion/complete', { ref: resource, _meta: meta, uri: 'other' })).toStrictEqual([
    ['reference', 'resources/read', objectOf({ uri: 'db://{x}', _meta: meta }), false, false],
    ['message', 'completion/complete', objectOf({ ref: resource, _meta: meta, uri: 'db://{x}' }), false, true],
  ]);
});

test('[PL-5.listen] a listen request is judged as itself and as a subscription to each resource', () => {
  const notifications: Plain = { toolsListChanged: true, resourceSubscriptions: ['a:b', 'c:d'] };
  expect(viewsFor('subscriptions/listen', { notifications, _meta: meta })).toStrictEqual([
    ['message', 'subscriptions/listen', objectOf({ notifications, _meta: meta }), true, false],
    ['subscription', 'resources/subscribe', objectOf({ uri: 'a:b', _meta: meta }), false, false],
    ['subscription', 'resources/subscribe', objectOf({ uri: 'c:d', _meta: meta }), false, false],
  ]);
  const unknown: Plain = { somethingElse: true };
  expect(viewsFor('subscriptions/listen', { notifications: unknown })).toStrictEqual([
    ['message', 'subscriptions/listen', objectOf({ notifications: unknown }), false, false],
  ]);
});

test.each<[Plain, 'request' | 'response' | 'stream', boolean]>([
  ['initialize', 'request', true],
  ['tools/call', 'request', false],
  ['tools/call', 'response', true],
  ['tools/call', 'stream', true],
  [5, 'request', false],
])('%j in a %s is judged as it is, and needed to connect: %s', (method, kind, lifecycle) => {
  expect(viewsFor(method, { name: 'p' }, kind)).toMatchObject([
    ['message', expect.anything(), objectOf({ name: 'p' }), lifecycle, false],
  ]);
});
