import * as z from 'zod';
import { durationOption } from '../config/duration.ts';

/** How to reach the Redis through which several gateways count together. */
export const redisOptions = z
  .strictObject({
    endpoints: z
      .array(z.string().regex(/^(?:[^:\s]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/, 'must be host:port'))
      .min(1)
      .prefault(['127.0.0.1:6379'])
      .describe('Addresses as `host:port`. More than one: the nodes of a cluster.'),
    username: z.string().optional().describe('User name.'),
    password: z.string().optional().describe('Password; best a secret reference.'),
    db: z.int().min(0).prefault(0).describe('Number of the database; clusters have only 0.'),
    poolSize: z.int().min(0).prefault(0).describe('Accepted for compatibility: one connection carries all commands.'),
    minIdleConns: z
      .int()
      .min(0)
      .prefault(0)
      .describe('Accepted for compatibility: one connection carries all commands.'),
    maxActiveConns: z
      .int()
      .min(0)
      .prefault(0)
      .describe('Accepted for compatibility: one connection carries all commands.'),
    readTimeout: durationOption.prefault('3s').describe('Longest wait for an answer. 0: no limit.'),
    writeTimeout: durationOption
      .prefault('3s')
      .describe('Longest time to send a command; it is added to `readTimeout`. 0: no limit.'),
    dialTimeout: durationOption.prefault('5s').describe('Longest time to connect.'),
    tls: z
      .strictObject({
        ca: z
          .string()
          .optional()
          .describe('Certificates of the authorities to trust, PEM. Default: those of the system.'),
        cert: z.string().optional().describe('Own certificate, PEM.'),
        key: z.string().optional().describe('Key of the own certificate, PEM; best a secret reference.'),
        insecureSkipVerify: z.boolean().prefault(false).describe('Does not check who answers.'),
      })
      .optional()
      .describe('Connects over TLS.'),
  })
  .describe('Counts in Redis, so that several gateways count together.');

export type RedisOptions = z.output<typeof redisOptions>;
