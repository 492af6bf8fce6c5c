import { keepOutput } from './canaries.ts';

/** Keeps what a gateway has counted. One that does not answer any more has nothing to keep. */
export async function keepMetrics(adminUrl: string): Promise<void> {
  try {
    const response = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
    keepOutput('metrics', 'page', await response.text());
  } catch {
    // It is ending already, or hangs on purpose.
  }
}
