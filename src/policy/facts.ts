import type { ObjectValue, Value } from '../expression/index.ts';

/** What a policy is asked about: one message of one caller, or the opening or end of the caller's stream. */
export interface PolicyRequest {
  readonly kind: 'request' | 'notification' | 'response' | 'stream' | 'end-session';
  /** The whole message as scanned (`jsonrpc`, `id`, `method`, `params`, …); an empty map for `stream` and `end-session`. */
  readonly mcp: ObjectValue;
  /** The verified claims; undefined when the credential carries none. */
  readonly jwt: ObjectValue | undefined;
  readonly http: HttpFacts;
  /** The client's address as the gateway knows it. */
  readonly client: { readonly ip: string | undefined };
  /** The protocol revision in force for this message. */
  readonly protocolVersion: string | undefined;
  /** Annotations of a tool; undefined for an unknown tool, and for all as long as the route's tool list is unknown. */
  toolAnnotations?(name: string): ObjectValue | undefined;
  /** Name of the router that claimed the request. */
  readonly route: string;
  /** What the message came with; its id begins the decision's. Absent: decision ids are random. */
  readonly exchange?: { readonly id: string } | undefined;
  /** Who is calling, for the record. Absent: the `sub` claim. */
  readonly subject?: string | undefined;
}

/** The HTTP request that carries the message, as it stands after the chain before the `mcp` middleware. */
export interface HttpFacts {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** All values of a field by its lower-case name; none or undefined when it was not sent. */
  header(lowerName: string): string | readonly string[] | undefined;
}

/** Fields of a message that a view sets in place of the message's own. */
export interface Binding {
  readonly method: string;
  readonly params: ObjectValue;
  /** Annotations of the item in view; absent: asked of the request by tool name. */
  readonly annotations?: ObjectValue | undefined;
}

/** The facts of one request in the shape that compiled paths read, each computed once. */
export class Facts {
  readonly request: PolicyRequest;
  readonly method: Value | undefined;
  readonly params: Value | undefined;
  readonly name: Value | undefined;
  readonly uri: Value | undefined;
  #annotations: ObjectValue | undefined;
  #annotationsKnown: boolean;
  #headers: Map<string, Value | undefined> | undefined = undefined;

  /** Without a binding the message is seen as it is. */
  constructor(request: PolicyRequest, binding?: Binding) {
    this.request = request;
    if (binding === undefined) {
      this.method = request.mcp.get('method');
      this.params = request.mcp.get('params');
      this.#annotations = undefined;
      this.#annotationsKnown = false;
    } else {
      this.method = binding.method;
      this.params = binding.params;
      this.#annotations = binding.annotations;
      this.#annotationsKnown = 'annotations' in binding;
    }
    const { params } = this;
    this.name = params instanceof Map ? params.get('name') : undefined;
    this.uri = params instanceof Map ? params.get('uri') : undefined;
  }

  /** Annotations of the tool that is called, if they are known. */
  annotations(): ObjectValue | undefined {
    if (!this.#annotationsKnown) {
      this.#annotationsKnown = true;
      if (this.method === 'tools/call' && typeof this.name === 'string') {
        this.#annotations = this.request.toolAnnotations?.(this.name);
      }
    }
    return this.#annotations;
  }

  /** A field sent once is a text, one sent several times an array. Kept, since the chain may change headers later. */
  header(lowerName: string): Value | undefined {
    this.#headers ??= new Map();
    if (this.#headers.has(lowerName)) return this.#headers.get(lowerName);
    const sent = this.request.http.header(lowerName);
    const value = typeof sent === 'string' || sent === undefined ? sent : sent.length > 1 ? [...sent] : sent[0];
    this.#headers.set(lowerName, value);
    return value;
  }
}
