import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { readBasic } from '../../auth/basic.ts';
import { ChecksBusy, CredentialCheck } from '../../auth/credential-check.ts';
import { identityHeaderProblem, identityHeaderValue, ManagedHeaders } from '../../auth/identity-headers.ts';
import { htpasswdLines, type PasswordHash, parsePasswordEntry } from '../../auth/password-hash.ts';
import { basicPrincipal, Principal } from '../../auth/principal.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Exchange, MiddlewareDefinition } from '../definition.ts';
import { OptionProblems } from '../option-problems.ts';

const options = z
  .strictObject({
    users: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .describe(
        'Lines of user:hash as htpasswd writes them, as a list or as one text. In a cluster, the users key of secret.',
      ),
    usersFile: z.string().optional().describe('Path of an htpasswd file with more users.'),
    realm: z.string().optional().describe('Realm of the challenge. traefik when absent.'),
    headerField: z.string().optional().describe('Request header for the upstream that carries the user’s name.'),
    removeHeader: z
      .boolean()
      .optional()
      .describe('Takes the Authorization header out of the request. false when absent.'),
  })
  .describe('Asks for a user name and a password.');

export type BasicAuthOptions = z.output<typeof options>;

/** `basicAuth`, as Traefik has it. Passwords are checked one at a time and remembered, because good hashes are slow. */
export const basicAuth: MiddlewareDefinition<BasicAuthOptions> = {
  type: 'basicAuth',
  summary: 'Asks for a user name and a password.',
  options,
  authenticates: true,
  create(given, context) {
    const problems = new OptionProblems(context);
    const users = readUsers(given, problems);
    const headerField = given.headerField === '' ? undefined : given.headerField;
    const headerProblem = headerField === undefined ? undefined : identityHeaderProblem(headerField);
    if (headerProblem !== undefined)
      problems.add(['headerField'], headerProblem, 'choose another name, such as X-WebAuth-User');
    const realm = given.realm === undefined || given.realm === '' ? 'traefik' : given.realm;
    if (!/^[\x20-\x7e]*$/.test(realm)) problems.add(['realm'], 'a realm is printable ASCII', undefined);
    problems.throwIfAny();

    const managed = new ManagedHeaders(headerField === undefined ? [] : [headerField]);
    const challenge = `Basic realm="${realm.replace(/["\\]/g, '\\$&')}"`;
    const checks = new CredentialCheck<Principal>();
    const principals = new Map(Array.from(users.keys(), (user) => [user, basicPrincipal(context.name, user)]));
    // Unknown users cost as much as known ones, or time would tell who exists.
    const [decoy] = users.values();
    const verify = async (user: string, password: string): Promise<Principal | undefined> => {
      const matched = await (users.get(user) ?? decoy)?.matches(password);
      return matched === true ? principals.get(user) : undefined;
    };
    const refuse = (exchange: Exchange, code: string): Refusal => {
      exchange.facts.errorType ??= code;
      context.log.debug('request refused by the basicAuth middleware', { reason: code, exchange: exchange.id });
      return new Refusal(401, code, { headers: [['WWW-Authenticate', challenge]] });
    };

    return (next) => async (exchange) => {
      managed.drop(exchange.headers);
      const credentials = readBasic(exchange.headers);
      if (credentials === undefined) throw refuse(exchange, 'basic_missing');
      const { user, password } = credentials;
      let principal: Principal | undefined;
      try {
        principal = await checks.check([user, password], () => verify(user, password));
      } catch (error) {
        if (!(error instanceof ChecksBusy)) throw error;
        throw new Refusal(503, 'credential_checks_busy', { headers: [['Retry-After', '1']] });
      }
      if (principal === undefined) throw refuse(exchange, 'basic_rejected');
      if (given.removeHeader === true) exchange.headers.delete('authorization');
      const value = headerField === undefined ? undefined : identityHeaderValue(user);
      if (headerField !== undefined && value !== undefined) exchange.headers.set(headerField, value);
      // A credential checked before, such as a token, says more about the caller than this one.
      if (!Principal.is(exchange.identity) || exchange.identity.kind === 'anonymous') {
        exchange.identity = principal;
        exchange.facts.username = user;
      }
      return next(exchange);
    };
  },
};

function readUsers(given: BasicAuthOptions, problems: OptionProblems): ReadonlyMap<string, PasswordHash> {
  const users = new Map<string, PasswordHash>();
  const texts = given.users === undefined ? [] : Array.isArray(given.users) ? given.users : [given.users];
  const file = given.usersFile === undefined || given.usersFile === '' ? undefined : given.usersFile;
  const fromFile =
    file === undefined
      ? []
      : (problems.attempt(
          ['usersFile'],
          () => [readFileSync(file, 'utf8')],
          'give the path of a readable htpasswd file',
        ) ?? []);
  const sources = [
    ...texts.map((text, index) => ({ text, path: Array.isArray(given.users) ? ['users', index] : ['users'] })),
    ...fromFile.map((text) => ({ text, path: ['usersFile'] })),
  ];
  for (const { text, path } of sources) {
    for (const line of htpasswdLines([text])) {
      const entry = problems.attempt(
        path,
        () => parsePasswordEntry(line),
        'a line is user:hash; make one with htpasswd -nB USER',
      );
      if (entry === undefined) continue;
      if (entry.user === undefined) problems.add(path, 'a line has no user name', 'a line is user:hash');
      else if (users.has(entry.user)) problems.add(path, `the user ${entry.user} is there twice`, 'keep one line');
      else users.set(entry.user, entry.hash);
    }
  }
  if ([...users.values()].some((hash) => hash.kind !== 'bcrypt')) {
    problems.warn(
      texts.length > 0 ? ['users'] : ['usersFile'],
      'MD5 and SHA-1 password hashes are quickly broken when they leak',
      'make bcrypt ones with htpasswd -nB',
    );
  }
  if (sources.length === 0) problems.add([], 'no users', 'set users, usersFile, or in a cluster secret');
  else if (users.size === 0) problems.add(['users'], 'there is no user in it', 'a line is user:hash');
  return users;
}
