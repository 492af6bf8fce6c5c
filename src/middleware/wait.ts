import type { Exchange } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';

/** Waits so many milliseconds; rejects at once with a 499 {@link Refusal} when the client goes. */
export function waitFor(milliseconds: number, exchange: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, milliseconds);
    const forget = exchange.onClosed(() => {
      clearTimeout(timer);
      reject(new Refusal(499, 'client_gone', { unsent: true }));
    });
  });
}
