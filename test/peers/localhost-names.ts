/**
 * A preload for Node processes (`node --import`): names below `localhost` mean this machine, as RFC 6761 §6.3 asks of
 * resolvers and as browsers and curl do. Without it they depend on the resolver of the machine the tests run on.
 */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';

type Answer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

const system = dns.lookup as (name: string, options: LookupOptions, answer: Answer) => void;
const loopback = { address: '127.0.0.1', family: 4 };

function lookup(name: string, ...rest: [Answer] | [LookupOptions | number, Answer]): void {
  const answer = rest.at(-1) as Answer;
  const [first] = rest;
  const options: LookupOptions = typeof first === 'number' ? { family: first } : typeof first === 'object' ? first : {};
  if (!name.endsWith('.localhost')) system(name, options, answer);
  else if (options.all === true) process.nextTick(answer, null, [loopback]);
  else process.nextTick(answer, null, loopback.address, loopback.family);
}

dns.lookup = lookup as typeof dns.lookup;
