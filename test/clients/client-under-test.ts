/** What a call, a read or a prompt brought back, as text. */
export type Answer = { readonly text: string; readonly failed: boolean };

/** A connected client of some SDK, reduced to what the walk does with it. */
export type ConnectedClient = {
  readonly era: 'legacy' | 'modern';
  /** What the server said it can do. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly listTools: () => Promise<readonly string[]>;
  readonly callTool: (
    name: string,
    args?: Record<string, unknown>,
    options?: { onProgress?: (progress: number) => void; signal?: AbortSignal },
  ) => Promise<Answer>;
  readonly listResources: () => Promise<readonly string[]>;
  readonly listTemplates: () => Promise<readonly string[]>;
  readonly readResource: (uri: string) => Promise<Answer>;
  readonly listPrompts: () => Promise<readonly string[]>;
  readonly getPrompt: (name: string, args?: Record<string, string>) => Promise<Answer>;
  readonly complete: (prompt: string, argument: string, typed: string) => Promise<readonly string[]>;
  /** Asks to be told of new content; the promise settles once the server agreed. */
  readonly watch: (uri: string) => Promise<void>;
  readonly unwatch: (uri: string) => Promise<void>;
  /** Notices that arrived so far: `updated <uri>` and `tools changed`. */
  readonly notices: readonly string[];
  /** Ends a legacy session on the server and tells its id; absent where there are none. */
  readonly endSession?: () => Promise<string>;
  readonly close: () => Promise<void>;
};

export type ClientKind = {
  readonly name: string;
  readonly connect: (url: string, headers: Readonly<Record<string, string>>) => Promise<ConnectedClient>;
};

/** What the person and the model on the client's side answer. */
export const clientAnswers = {
  username: 'ada',
  email: 'ada@example.com',
  name: 'Ada',
  color: 'teal',
  ok: true,
  context: 'tests',
  model: 'Paris',
  root: 'file:///work/project',
} as const;
