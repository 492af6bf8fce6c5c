import type { Diagnostic } from '../../../errors.ts';

type Note = Pick<Diagnostic, 'severity' | 'message' | 'hint'>;

const noStreams: Note = {
  severity: 'warning',
  message: 'TCP and UDP routing is not offered, so this object is not used',
  hint: 'MCP goes over HTTP: write an IngressRoute',
};
const noManagement: Note = {
  severity: 'warning',
  message: 'this kind is not offered, so the object is not used',
  hint: undefined,
};
const otherRoutes: Note = {
  severity: 'warning',
  message: 'routes of this kind are not read, so the object is not used',
  hint: 'write an IngressRoute',
};

/** Kinds that somebody may expect to work here, by group and name. */
const notes: readonly { readonly group: RegExp; readonly kind: RegExp; readonly note: Note }[] = [
  { group: /^traefik\./, kind: /(?:TCP|UDP)$/, note: noStreams },
  { group: /^hub\.traefik\.io$/, kind: /./, note: noManagement },
  { group: /^(?:networking\.k8s\.io|extensions)$/, kind: /^Ingress$/, note: otherRoutes },
  { group: /^gateway\.networking\.k8s\.io$/, kind: /Route$/, note: otherRoutes },
];

/** What to say of a kind that exists elsewhere and that an operator may expect to be used; undefined for all others. */
export function foreignKind(apiVersion: string, kind: string): Note | undefined {
  const group = apiVersion.split('/')[0] ?? '';
  return notes.find((note) => note.group.test(group) && note.kind.test(kind))?.note;
}
