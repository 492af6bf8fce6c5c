import { isIP } from 'node:net';
import * as z from 'zod';
import { durationOption } from '../duration.ts';

/**
 * The kinds of values that install options share. What an operator writes goes in, what the code wants comes out:
 * durations become milliseconds, everything else keeps its text.
 */

/** Longest timer that the runtime can set (2^31 - 1 ms, a little under 25 days). */
const longestDuration = 2_147_483_647;

/** A length of time; milliseconds come out. A longer timer than the runtime can set would fire at once, so it is refused. */
export const duration = durationOption
  .refine((milliseconds) => milliseconds <= longestDuration, {
    error: 'is longer than 596h, the most that is possible',
  })
  .meta({ unit: 'duration' });

/** A number of bytes. */
export const byteCount = z.int().min(0).meta({ unit: 'bytes' });

/** Where a server listens. `host` undefined: on every address. Port 0: any free one. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

/** Splits `:8000`, `127.0.0.1:8000`, `[::1]:8000`, `host:8000` (a trailing `/tcp` is allowed); undefined when it is none of these. */
export function parseAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]/\s]*)):([0-9]{1,5})(?:\/tcp)?$/.exec(text);
  if (match === null) return undefined;
  const [, six, name, digits] = match;
  if (six !== undefined && isIP(six) !== 6) return undefined;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  const host = six ?? name;
  return { host: host === '' ? undefined : host, port };
}

/** True for an address that only this machine can reach. */
export function isLoopback(address: string): boolean {
  const host = parseAddress(address)?.host;
  return host === 'localhost' || host === '::1' || (host !== undefined && isIP(host) === 4 && host.startsWith('127.'));
}

export const listenAddress = z.string().refine((text) => parseAddress(text) !== undefined, {
  error: 'expected an address such as :8000, 127.0.0.1:8000 or [::1]:8000',
});

/** An address range in CIDR notation, or a single address. */
export const ipRange = z.string().refine(isRange, { error: 'expected an IP address or a range such as 10.0.0.0/8' });

function isRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return prefix === undefined || (/^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

/** What a name of an entrypoint may look like. */
export const entryPointName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, { error: 'a name consists of letters, digits, - and _' });

/** A section that may also be written as `true` (with its defaults) or `false` (absent). */
export function toggle<Shape extends z.core.$ZodLooseShape>(section: z.ZodObject<Shape, z.core.$strict>) {
  return z
    .union([section, z.boolean()])
    .transform((value): z.output<z.ZodObject<Shape, z.core.$strict>> | undefined => {
      if (typeof value === 'boolean') return value ? section.parse({}) : undefined;
      return value;
    });
}
