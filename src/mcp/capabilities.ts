import type { AnswerParts, Member } from './answer-parts.ts';
import type { Era } from './era.ts';
import type { ListKind } from './methods.ts';
import { type Edit, takeOut } from './splice.ts';

/** What a caller can do with a server; each answer may be "yes" where it is not known. */
export interface CallerCan {
  /** Whether some message of the method could be allowed. */
  use(method: string): boolean;
  /** Whether the caller could ask for a list and find something in it. */
  list(kind: ListKind): boolean;
}

/** A capability: when it is of any use to a caller, and what is within it. Without a condition it always is. */
interface Capability {
  readonly when?: (can: CallerCan) => boolean;
  readonly members?: Readonly<Record<string, Capability>>;
}

const uses =
  (...methods: readonly string[]) =>
  (can: CallerCan): boolean =>
    methods.some((method) => can.use(method));

/** Of both eras. A capability that is not named here stays as it is. */
const common: Readonly<Record<string, Capability>> = {
  tools: { when: (can) => can.use('tools/call') || can.list('tools') },
  prompts: { when: (can) => can.use('prompts/get') || can.list('prompts') },
  resources: {
    when: (can) =>
      uses('resources/read', 'resources/subscribe')(can) || can.list('resources') || can.list('resourceTemplates'),
    members: { subscribe: { when: uses('resources/subscribe') } },
  },
  completions: { when: uses('completion/complete') },
};

const capabilities: Readonly<Record<Era, Readonly<Record<string, Capability>>>> = {
  legacy: {
    ...common,
    logging: { when: uses('logging/setLevel') },
    // A call that is made a task is a use of them, whether its result can be fetched or not.
    tasks: {
      when: uses('tasks/get', 'tasks/result', 'tasks/list', 'tasks/cancel', 'tools/call'),
      members: {
        list: { when: uses('tasks/list') },
        cancel: { when: uses('tasks/cancel') },
        requests: { members: { tools: { when: uses('tools/call') } } },
      },
    },
  },
  // Here any call may ask for log messages in its `_meta`, so that `logging` has no method of its own.
  modern: {
    ...common,
    extensions: {
      members: {
        'io.modelcontextprotocol/tasks': { when: uses('tasks/get', 'tasks/update', 'tasks/cancel', 'tools/call') },
      },
    },
  },
};

/** The methods whose results say what a server can do, and the era they belong to. */
const greetings: ReadonlyMap<string, Era> = new Map([
  ['initialize', 'legacy'],
  ['server/discover', 'modern'],
]);

/** The era of the capabilities that the method's result holds; undefined when it holds none. */
export function capabilityEra(method: string): Era | undefined {
  return greetings.get(method);
}

/** Takes the capabilities out of an answer that its reader could never use. */
export function hideCapabilities(parts: AnswerParts, era: Era, can: CallerCan): Edit[] {
  return edits(parts.capabilities ?? [], capabilities[era], can);
}

function edits(members: readonly Member[], known: Readonly<Record<string, Capability>>, can: CallerCan): Edit[] {
  const capabilityOf = ({ key }: Member): Capability => (Object.hasOwn(known, key) ? known[key] : undefined) ?? {};
  const stays = members.filter((member) => capabilityOf(member).when?.(can) ?? true);
  return [
    ...takeOut(members, (member) => stays.includes(member)),
    ...stays.flatMap((member) => edits(member.members ?? [], capabilityOf(member).members ?? {}, can)),
  ];
}
