/** A parent as another party names it (W3C Trace Context, "traceparent"). */
export interface RemoteParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly state: string | undefined;
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent`; undefined when it is not one. What version 00 does not know of later versions is ignored. */
export function parseTraceparent(text: string | undefined, state: string | undefined): RemoteParent | undefined {
  if (text === undefined) return undefined;
  const [, version, traceId, spanId, flags, rest] = form.exec(text.trim()) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, state: acceptState(state) };
}

/** `tracestate` is passed on as it is, within the size that the specification promises (512 characters). */
function acceptState(state: string | undefined): string | undefined {
  if (state === undefined || state.length > 512 || !/^[\x20-\x7e]+$/.test(state)) return undefined;
  return state;
}

export function formatTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
