/** The provider in the names of what is written in Traefik's own format. */
export const fileProvider = 'file';

/** `api` is `api@file`; `api@internal` stays. */
export function qualifyFileName(name: string): string {
  return name.includes('@') ? name : `${name}@${fileProvider}`;
}
