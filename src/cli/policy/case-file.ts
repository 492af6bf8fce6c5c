import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { decode } from '../../config/decode.ts';
import { diagnose } from '../../config/diagnose.ts';
import type { KeyPath } from '../../config/dynamic/model.ts';
import { parseSource } from '../../config/source/parse-source.ts';
import type { SourceDocument } from '../../config/source/source-document.ts';
import { type Diagnostic, nearest } from '../../errors.ts';
import { isNumberText, type ObjectValue, type Value } from '../../expression/index.ts';
import { type ItemKind, itemShapes } from '../../policy/index.ts';
import { type NumberText, requestKeys, requestShape, surroundingShape } from './request.ts';
import { claimsOfToken } from './token-payload.ts';
import { objectFrom, valueFrom } from './value-from.ts';

const text = z.string().min(1);
const claims = z.record(z.string(), z.unknown());
const item = z.union([text, z.record(z.string(), z.unknown())]);
const items = z.strictObject({
  tools: z.array(item).optional(),
  prompts: z.array(item).optional(),
  resources: z.array(item).optional(),
  resourceTemplates: z.array(item).optional(),
});
const visible = z.strictObject({
  tools: z.array(text).optional(),
  prompts: z.array(text).optional(),
  resources: z.array(text).optional(),
  resourceTemplates: z.array(text).optional(),
});

const policyCase = z
  .strictObject({
    name: text.optional().describe('What the case is about.'),
    middleware: text.optional().describe('The `mcp` middleware, when the file is about several.'),
    caller: text.optional().describe('One of the `callers` of the file.'),
    claims: claims.optional().describe('The claims of the caller. Without any: a caller without a token.'),
    token: text.optional().describe('A JWT; its claims are read, its signature is not checked.'),
    ...requestShape,
    ...surroundingShape,
    expect: z.enum(['allow', 'deny']).optional().describe('The decision.'),
    rule: z
      .union([z.int().nonnegative(), text])
      .optional()
      .describe(
        'What must have decided: the index of a rule from 0, its name, or `default`, `lifecycle`, `malformed`.',
      ),
    offered: items.optional().describe('What the upstream offers, for `visible`. Default: that of the file.'),
    visible: visible.optional().describe('What the lists of the caller must hold, in order.'),
  })
  .superRefine((one, context) => {
    const problem = (message: string, path: string[]) => context.addIssue({ code: 'custom', message, path });
    const ways = requestKeys.filter((key) => one[key] !== undefined);
    if (ways.length > 1)
      problem(`cannot stand together with \`${ways[0]}\`: a case is about one request`, [ways[1] ?? '']);
    if ([one.caller, one.claims, one.token].filter((each) => each !== undefined).length > 1)
      problem('has more than one of `caller`, `claims` and `token`', []);
    if (one.params !== undefined && one.method === undefined) problem('belongs to `method`', ['params']);
    if (ways.length === 0 && one.visible === undefined)
      problem(`needs a request (${requestKeys.join(', ')}) or \`visible\``, []);
    if (ways.length > 0 && one.expect === undefined) problem('needs `expect: allow` or `expect: deny`', []);
    if (ways.length === 0 && one.visible !== undefined && (one.expect !== undefined || one.rule !== undefined))
      problem('has an expectation about a request, but no request', []);
  });

/** A file of policy test cases, as it is written. */
export const caseFile = z.strictObject({
  policies: z
    .union([text, z.array(text).min(1)])
    .optional()
    .describe(
      'Files and folders with the manifests, relative to this file. Default: its folder; of a folder `policy-tests`, the one above.',
    ),
  middleware: text
    .optional()
    .describe('The `mcp` middleware under test, when the manifests hold several: `namespace/name` or `name`.'),
  callers: z.record(z.string(), claims).optional().describe('Claims by a name for cases to use.'),
  offered: items.optional().describe('What the upstream offers, for cases with `visible`.'),
  cases: z.array(policyCase).min(1).describe('What is asked, and what must come out.'),
});

export type PolicyCase = z.output<typeof policyCase>;

/** Cases of one file, with what is needed to point into it. */
export interface CaseFile {
  readonly path: string;
  readonly policies: readonly string[] | undefined;
  readonly middleware: string | undefined;
  readonly cases: readonly ReadCase[];
  place(path: KeyPath): { readonly line: number; readonly column: number };
}

export interface ReadCase {
  readonly index: number;
  readonly written: PolicyCase;
  readonly claims: ObjectValue | undefined;
  readonly offered: Partial<Readonly<Record<ItemKind, readonly ObjectValue[]>>>;
  readonly numberText: NumberText;
}

export type ReadCaseFile =
  | { readonly ok: true; readonly file: CaseFile }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads a file of policy test cases; what is wrong in it comes with its place. */
export function readCaseFile(path: string, content: Uint8Array | string = readFileSync(path)): ReadCaseFile {
  const { documents, diagnostics } = parseSource(path, content);
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0) {
    const message = document === undefined ? 'there are no test cases in this file' : 'a test file holds one document';
    const at = { file: path, line: 1, column: 1 };
    const empty: Diagnostic = { code: 'CONFIG_SYNTAX', severity: 'error', message, at };
    return { ok: false, diagnostics: diagnostics.length > 0 ? diagnostics : [empty] };
  }
  const origin = { label: '', locate: document.locate, line: document.line };
  const decoded = decode(caseFile, document.value, origin);
  if (!decoded.ok) return { ok: false, diagnostics: decoded.problems };
  const file = decoded.value;
  const callers = new Map(
    Object.entries(file.callers ?? {}).map(([name, plain]) => [
      name,
      objectFrom(plain, numberTexts(document, ['callers', name])),
    ]),
  );
  const problems: Diagnostic[] = [];
  const sharedItems = offeredItems(file.offered);
  const cases = file.cases.map((written, index): ReadCase => {
    const at = ['cases', index] as const;
    const report = (key: string, message: string, hint?: string) =>
      void problems.push(
        diagnose(origin, [...at, key], { code: 'CONFIG_INVALID_VALUE', severity: 'error', message, hint }),
      );
    return {
      index,
      written,
      claims: claimsOf(written, callers, numberTexts(document, [...at, 'claims']), report),
      offered: written.offered === undefined ? sharedItems : offeredItems(written.offered),
      numberText: numberTexts(document, at),
    };
  });
  if (problems.length > 0) return { ok: false, diagnostics: problems };
  return {
    ok: true,
    file: {
      path,
      policies: typeof file.policies === 'string' ? [file.policies] : file.policies,
      middleware: file.middleware,
      cases,
      place: (inside) => document.locate(inside),
    },
  };
}

function claimsOf(
  { caller, claims: own, token }: PolicyCase,
  callers: ReadonlyMap<string, ObjectValue>,
  numberText: NumberText,
  report: (key: string, message: string, hint?: string) => void,
): ObjectValue | undefined {
  if (own !== undefined) return objectFrom(own, numberText);
  if (token !== undefined) {
    const read = claimsOfToken(token);
    if (read === undefined) report('token', 'this is not a JWT');
    return read;
  }
  if (caller === undefined) return undefined;
  const known = callers.get(caller);
  if (known !== undefined) return known;
  const near = nearest(caller, callers.keys());
  const hint =
    near === undefined
      ? `callers are ${[...callers.keys()].join(', ') || 'named under `callers`'}`
      : `did you mean \`${near}\`?`;
  report('caller', `there is no caller \`${caller}\``, hint);
  return undefined;
}

function offeredItems(written: z.output<typeof items> | undefined): ReadCase['offered'] {
  const offered: Partial<Record<ItemKind, readonly ObjectValue[]>> = {};
  for (const kind of Object.keys(itemShapes) as ItemKind[]) {
    const listed = written?.[kind];
    if (listed === undefined) continue;
    offered[kind] = listed.map((one) =>
      typeof one === 'string'
        ? new Map<string, Value>([[itemShapes[kind].member, one]])
        : (valueFrom(one) as ObjectValue),
    );
  }
  return offered;
}

/** Numbers as they are written in the file: a double would change some. */
function numberTexts(document: SourceDocument, at: KeyPath): NumberText {
  return (path) => {
    const span = document.locate([...at, ...path]);
    const text = document.line(span)?.slice(span.column - 1, span.column - 1 + (span.length ?? 0));
    return text !== undefined && isNumberText(text) ? text : undefined;
  };
}
