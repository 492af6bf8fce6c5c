import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type JsonValue, stringify } from '../../src/http/json.ts';
import type { PolicySet } from '../../src/policy/index.ts';
import { type CaseItem, type CaseRequest, type CaseRules, engineReads, engineRequest, engineShows } from './case.ts';
import * as generate from './generate.ts';
import { Tape, tapes } from './tape.ts';
import { claimPlaces, itemPlaces, type Place, places } from './vocabulary.ts';

const ruleTapes = fc.array(tapes(64), { minLength: 1, maxLength: 4 });

function rulesOf(first: Uint8Array, each: readonly Uint8Array[], from: readonly Place[]): CaseRules {
  const made = generate.rules(
    new Tape(first),
    each.map((bytes) => new Tape(bytes)),
    from,
  );
  return { ...made, policies: made.policies.filter(({ match }) => typeof engineReads(onlyRule(match)) !== 'string') };
}

const onlyRule = (match: string): CaseRules => ({ policies: [{ match, action: 'deny' }] });

function soundSet(rules: CaseRules): PolicySet {
  const engine = engineReads(rules);
  if (typeof engine === 'string') throw new Error(engine);
  return engine;
}

const allows = (engine: PolicySet, request: CaseRequest) => engine.decide(engineRequest(request)).allowed;

describe('[PL-4.law] what cannot be judged never grants, and never excuses', () => {
  /** `Exists` asks whether something is there; every other function needs it to be. */
  const withoutExists = (rules: CaseRules): CaseRules => ({
    ...rules,
    listPolicies: undefined,
    policies: rules.policies.filter(({ match }) => !match.includes('Exists')),
  });
  const keys = [...new Set(claimPlaces.map(({ key }) => key))];

  test.each([
    ['taking a claim away', []],
    ['an object in place of a claim', ['{}']],
  ])('%s never turns a deny into an allow', (_, instead) => {
    let judged = 0;
    fc.assert(
      fc.property(ruleTapes, tapes(96), tapes(16), fc.constantFrom(...keys), (each, asked, first, key) => {
        const engine = soundSet(withoutExists(rulesOf(first, each, places)));
        const request = generate.request(new Tape(asked));
        if (request.jwt === null || allows(engine, request)) return;
        judged += 1;
        const others = [...(engineRequest(request).jwt ?? [])].filter(([name]) => name !== key);
        const members = others.map(([name, value]) => `${JSON.stringify(name)}:${stringify(value as JsonValue)}`);
        members.push(...instead.map((value) => `${JSON.stringify(key)}:${value}`));
        expect(allows(engine, { ...request, jwt: `{${members.join(',')}}` })).toBe(false);
      }),
      { numRuns: 4_000 },
    );
    expect(judged).toBeGreaterThan(0);
  });

  test('no claims at all never turn a deny into an allow', () => {
    fc.assert(
      fc.property(ruleTapes, tapes(96), tapes(16), (each, asked, first) => {
        const engine = soundSet(withoutExists(rulesOf(first, each, places)));
        const request = generate.request(new Tape(asked));
        if (!allows(engine, request)) expect(allows(engine, { ...request, jwt: null })).toBe(false);
      }),
      { numRuns: 4_000 },
    );
  });
});

describe('[PL-6.law] hidden ⇒ no call of it is allowed', () => {
  const calls = {
    tools: { method: 'tools/call', parameter: 'name', member: 'name' },
    prompts: { method: 'prompts/get', parameter: 'name', member: 'name' },
    resources: { method: 'resources/read', parameter: 'uri', member: 'uri' },
    resourceTemplates: { method: 'resources/read', parameter: 'uri', member: 'uriTemplate' },
  } as const;

  /** Every text and number that the rules speak of, as JSON, and what stands just beside it. */
  function atomsOf({ policies }: CaseRules): string[] {
    const quoted = policies.flatMap(({ match }) => [...match.matchAll(/(["'`])(.*?)\1|(-?\d[\d.e+-]*)/gs)]);
    const texts = new Set(quoted.map(([, , text = '', number]) => (number ?? text).replace(/\$\{.*?\}/g, '')));
    const numbers = [...texts].filter((text) => /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text));
    return [
      ...[...texts].flatMap((text) => [text, `${text}~`, `~${text}`]).map((text) => JSON.stringify(text)),
      ...numbers.flatMap((text) => [text, `${text}1`.replace(/^-?0(?=\d)/, ''), `[${text}]`]),
      ...['-1e99', '1e99', 'null', 'true', '[]', '{}', 'undefined'],
      ...[...texts].map((text) => JSON.stringify([text])),
    ];
  }

  function callOf(kind: CaseItem['kind'], named: string, uri: string, pick: () => string): string {
    const { method, parameter } = calls[kind];
    const member = (key: string, value: string) => (value === 'undefined' ? [] : [`${JSON.stringify(key)}:${value}`]);
    const inArguments = [...member('x', pick()), ...member('y', pick())].join(',');
    const params = [
      ...member(parameter, JSON.stringify(kind === 'resourceTemplates' ? uri : named)),
      ...member(parameter === 'name' ? 'uri' : 'name', pick()),
      ...member('arguments', `{${inArguments}}`),
      ...member('_meta', `{${member('k', pick()).join(',')}}`),
    ];
    const whole = [...member('id', pick()), `"jsonrpc":"2.0","method":"${method}","params":{${params.join(',')}}`];
    return `{${whole.join(',')}}`;
  }

  test('over calls made of what the rules speak of', () => {
    let hidden = 0;
    fc.assert(
      fc.property(ruleTapes, tapes(96), tapes(64), tapes(16), (each, asked, bytes, first) => {
        const rules: CaseRules = {
          ...rulesOf(first, each, itemPlaces),
          listPolicies: undefined,
          listDefaultAction: 'callable',
        };
        const engine = soundSet(rules);
        const request: CaseRequest = { ...generate.request(new Tape(asked)), kind: 'request', annotations: '{}' };
        const tape = new Tape(bytes);
        const item = generate.item(tape);
        const text = item.item.replace(/,?"annotations":.*(?=\}$)/s, '');
        const named: unknown = (JSON.parse(text) as Record<string, unknown>)[calls[item.kind].member];
        if (typeof named !== 'string' || engineShows(engine, request, [{ kind: item.kind, item: text }])[0] !== false)
          return;
        hidden += 1;
        const atoms = atomsOf(rules);
        const pick = () => atoms[(tape.below(256) * 256 + tape.below(256)) % atoms.length] ?? 'null';
        for (let attempt = 0; attempt < 24; attempt += 1) {
          const end = pick();
          const uri = named.replace(/\{.*$/s, '') + (end.startsWith('"') ? (JSON.parse(end) as string) : end);
          const message = callOf(item.kind, named, named.includes('{') ? uri : named, pick);
          const call = { ...request, http: { ...request.http, method: 'POST' }, message };
          if (allows(engine, call))
            throw new Error(`hidden, yet this call is allowed: ${JSON.stringify({ rules, call, item })}`);
        }
      }),
      { numRuns: 2_500 },
    );
    expect(hidden).toBeGreaterThan(0);
  });
});
