/** What the ids of this process begin with, to tell them from those of others. */
export const exchangeIdBegin = `${Math.floor(Math.random() * 0x7fffffff).toString(36)}-`;

let last = 0;

/** A number that no other exchange of this process has. */
export function nextExchangeNumber(): number {
  last += 1;
  return last;
}

/** The id of an exchange. Most are never read, so it is made of the number for who asks. */
export function exchangeId(number: number): string {
  return exchangeIdBegin + number.toString(36);
}
