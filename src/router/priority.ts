import { Buffer } from 'node:buffer';
import type { Diagnostic } from '../errors.ts';

/** The highest priority an operator may give: Go's MaxInt64 - 1000, as near as a number comes to it. */
export const maxPriority = 2 ** 63 - 1_024;

/**
 * The priority that counts: the one that is given, or, when it is absent or 0, the length of the rule. As in Traefik that
 * length is counted in bytes of UTF-8 and includes white space.
 */
export function effectivePriority(rule: string, priority: number | undefined): number {
  return priority === undefined || priority === 0 ? Buffer.byteLength(rule, 'utf8') : priority;
}

/** What is wrong with a priority, or undefined. */
export function checkPriority(
  priority: number,
): Pick<Diagnostic, 'code' | 'severity' | 'message' | 'hint'> | undefined {
  if (Number.isInteger(priority) && priority <= maxPriority) return undefined;
  return {
    code: 'CONFIG_INVALID_VALUE',
    severity: 'error',
    message: Number.isInteger(priority) ? 'the priority is too high' : 'the priority is not a whole number',
    hint: 'write a whole number up to 9223372036854774807; 0 stands for the length of the rule',
  };
}
