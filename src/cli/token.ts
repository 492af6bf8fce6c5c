import { Option } from 'commander';
import { parseDuration } from '../config/duration.ts';
import { type CommandDefinition, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { readSigningKey, secretSigningKey } from './signing-key.ts';
import { collectClaims } from './token-claims.ts';

const list = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export const command: CommandDefinition = {
  configure(token) {
    token
      .argument('[claims]', 'claims as a JSON object; options add to it')
      .addOption(new Option('--secret <text>', 'shared secret (HS256)').env('PORTCULLIS_TOKEN_SECRET').conflicts('key'))
      .option('--key <file>', 'private key: PEM, JWK or JWK set')
      .option('--claim <name=value>', 'a claim; given again it becomes a list, name[]=value is always one', list)
      .option('--claim-json <name=json>', 'a claim with a JSON value', list)
      .option('--sub <text>', 'subject')
      .option('--issuer <url>', 'issuer')
      .option('--audience <text>', 'audience; may be given again', list)
      .option('--expires <duration>', 'time until it expires, or "never"', '1h')
      .option('--kid <text>', 'key id for the header (a JWK brings its own)')
      .option('--alg <name>', 'algorithm, when the key allows several')
      .addHelpText(
        'after',
        `
Examples:
  portcullis token --secret "$SECRET" --sub dev-user --claim groups=developer
  portcullis token --secret "$SECRET" '{"sub":"admin-user","groups":["admin"]}' --expires 8h
  portcullis token --key private.pem --issuer https://idp.example --audience https://mcp.example/mcp --claim groups[]=admin`,
      );
  },
  async execute({ operands, options, out, err }) {
    const text = (name: string): string | undefined => {
      const value = options[name];
      return typeof value === 'string' ? value : undefined;
    };
    const texts = (name: string): readonly string[] => {
      const value = options[name];
      return Array.isArray(value) ? value.map(String) : [];
    };
    const secret = text('secret');
    const keyFile = text('key');
    if (secret === undefined && keyFile === undefined)
      throw new UsageError('a token is signed: give --secret TEXT or --key FILE');
    const key =
      keyFile === undefined ? secretSigningKey(secret ?? '', text('alg')) : await readSigningKey(keyFile, text('alg'));
    if (key.warning !== undefined) err(`warning: ${key.warning}\n`);

    const claims = collectClaims({
      json: operands[0],
      claims: texts('claim'),
      jsonClaims: texts('claimJson'),
      subject: text('sub'),
      issuer: text('issuer'),
      audience: texts('audience'),
    });
    const now = Math.floor(Date.now() / 1000);
    claims['iat'] ??= now;
    const expires = text('expires') ?? '1h';
    if (expires !== 'never' && claims['exp'] === undefined) {
      const lifetime = parseDuration(expires);
      if (lifetime === undefined)
        throw new UsageError(`--expires takes a duration such as 1h, 90s or 30m, or never: got ${expires}`);
      claims['exp'] = now + Math.round(lifetime / 1000);
    }
    const { SignJWT } = await import('jose');
    const kid = text('kid') ?? key.kid;
    const header = { alg: key.alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) };
    out(`${await new SignJWT(claims).setProtectedHeader(header).sign(key.key)}\n`);
    return exitCode.ok;
  },
};
