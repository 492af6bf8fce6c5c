/** How a command ends; printed by `portcullis --help` and relied upon by scripts. */
export const exitCode = {
  /** Done, or shut down on request. */
  ok: 0,
  /** Something failed while it ran: a port is taken, a health check was negative, a policy test did not hold. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** What an operator configured is wrong; every problem was printed. */
  configuration: 3,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
