import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ElicitRequestFormParams,
  type InputRequests,
  inputRequired,
  inputResponse,
  type McpServer,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { reportProgress } from './everything-tools.ts';

type State = { readonly step: number; readonly name?: string };
type FormSchema = ElicitRequestFormParams['requestedSchema'];

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });
const form = (message: string, properties: FormSchema['properties'], required: string[] = []) =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties, required } });
const sample = (prompt: string, maxTokens = 100) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens });
const aString = { type: 'string' } as const;

/**
 * Tools and a prompt that need an answer from the client. A modern caller is asked by an input-required result and
 * calls again; to a legacy session the SDK sends the same questions as requests on the stream of the call.
 */
export function registerQuestions(server: McpServer, codec: RequestStateCodec<State>): void {
  registerSingleQuestions(server);
  registerForms(server);
  registerStatefulQuestions(server, codec);
}

function registerSingleQuestions(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'Asks the model of the client', inputSchema: z.object({ prompt: z.string() }) },
    ({ prompt }, context) => {
      const answer = sampled(context, 'completion');
      return answer === undefined ? ask({ completion: sample(prompt) }) : text(`LLM response: ${answer}`);
    },
  );
  server.registerTool('test_missing_capability', { description: 'Needs a client that can sample' }, (context) => {
    const answer = sampled(context, 'completion');
    return answer === undefined ? ask({ completion: sample('Are you there?') }) : text(answer);
  });
  server.registerTool('test_streaming_elicitation', { description: 'Reports progress, then asks' }, async (context) => {
    await reportProgress(context, 1, 2);
    await sleep(20);
    const answer = content(context, 'name');
    return answer === undefined
      ? ask({ name: form('Who is there?', { name: aString }) })
      : text(`Hello, ${answer['name']}`);
  });
  server.registerTool('test_input_required_result_elicitation', { description: 'Asks for a name' }, (context) => {
    const name = content(context, 'user_name')?.['name'];
    return typeof name === 'string'
      ? text(`Hello, ${name}!`)
      : ask({ user_name: form('What is your name?', { name: aString }, ['name']) });
  });
  server.registerTool(
    'test_input_required_result_sampling',
    { description: 'Asks a model for a capital' },
    (context) => {
      const answer = sampled(context, 'capital_question');
      return answer === undefined ? ask({ capital_question: sample('What is the capital of France?') }) : text(answer);
    },
  );
  server.registerTool(
    'test_input_required_result_list_roots',
    { description: 'Asks for the folders of the client' },
    ({ mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'client_roots');
      return answer.kind === 'roots'
        ? text(`Roots: ${answer.roots.map(({ uri }) => uri).join(', ')}`)
        : ask({ client_roots: inputRequired.listRoots() });
    },
  );
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only what the client can answer' },
    (context) => {
      const can = server.server.getClientCapabilities() ?? {};
      const answered = sampled(context, 'greeting') ?? content(context, 'user_name')?.['name'];
      if (answered !== undefined) return text(`Answered: ${answered}`);
      if (can.sampling !== undefined) return ask({ greeting: sample('Say hello') });
      if (can.elicitation !== undefined) return ask({ user_name: form('What is your name?', { name: aString }) });
      return text('This client answers no questions');
    },
  );
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Asks which context to use' },
    (context) => {
      const answer = content(context, 'user_context');
      if (answer === undefined)
        return ask({ user_context: form('What context should the prompt use?', { context: aString }, ['context']) });
      return {
        messages: [{ role: 'user', content: { type: 'text', text: `Use this context: ${answer['context']}` } }],
      };
    },
  );
}

function registerForms(server: McpServer): void {
  const forms: Record<string, readonly [message: string, properties: FormSchema['properties']]> = {
    test_elicitation_sep1034_defaults: [
      'Every field has a default',
      {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      },
    ],
    test_elicitation_sep1330_enums: [
      'Every kind of choice',
      {
        untitledSingle: { type: 'string', enum: options('option', 3) },
        titledSingle: { type: 'string', oneOf: titled('value', 'Option') },
        legacyEnum: {
          type: 'string',
          enum: options('opt', 3),
          enumNames: ['Option One', 'Option Two', 'Option Three'],
        },
        untitledMulti: { type: 'array', items: { type: 'string', enum: options('option', 3) } },
        titledMulti: { type: 'array', items: { anyOf: titled('value', 'Choice') } },
      },
    ],
  };
  for (const [name, [message, properties]] of Object.entries(forms)) {
    server.registerTool(name, { description: message }, (context) => {
      const answer = inputResponse(context.mcpReq.inputResponses, 'answer');
      if (answer.kind !== 'elicit') return ask({ answer: form(message, properties) });
      return text(`Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    });
  }
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the person', inputSchema: z.object({ message: z.string() }) },
    ({ message }, { mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'answer');
      const fields = {
        username: { ...aString, description: "User's response" },
        email: { ...aString, description: "User's email address" },
      };
      if (answer.kind !== 'elicit') return ask({ answer: form(message, fields, ['username', 'email']) });
      return text(`User response: action: ${answer.action}, content: ${JSON.stringify(answer.content ?? {})}`);
    },
  );
}

function registerStatefulQuestions(server: McpServer, codec: RequestStateCodec<State>): void {
  const confirm = { confirm: form('Please confirm', { ok: { type: 'boolean' } }, ['ok']) };
  for (const name of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state']) {
    server.registerTool(name, { description: 'Keeps its place in a state that only it can make' }, async (context) => {
      const state = context.mcpReq.requestState<State>();
      const answer = content(context, 'confirm');
      if (state?.step !== 1 || answer === undefined)
        return inputRequired({ inputRequests: confirm, requestState: await codec.mint({ step: 1 }) });
      return text(`state-ok, ok=${answer['ok']}`);
    });
  }
  server.registerTool(
    'test_input_required_result_multiple_inputs',
    { description: 'Asks three things at once' },
    async (context) => {
      const name = content(context, 'user_name')?.['name'];
      const greeting = sampled(context, 'greeting');
      const roots = inputResponse(context.mcpReq.inputResponses, 'client_roots');
      if (name !== undefined && greeting !== undefined && roots.kind === 'roots')
        return text(`${greeting}, ${name}: ${roots.roots.length} roots`);
      const inputRequests = {
        user_name: form('What is your name?', { name: aString }, ['name']),
        greeting: sample('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      };
      return inputRequired({ inputRequests, requestState: await codec.mint({ step: 1 }) });
    },
  );
  server.registerTool(
    'test_input_required_result_multi_round',
    { description: 'Asks one thing after the other' },
    async (context) => {
      const state = context.mcpReq.requestState<State>();
      const name = content(context, 'step1')?.['name'];
      const color = content(context, 'step2')?.['color'];
      if (state?.step === 2 && color !== undefined) return text(`${state.name} likes ${color}`);
      if (state?.step === 1 && typeof name === 'string') {
        const inputRequests = { step2: form('Step 2: What is your favorite color?', { color: aString }, ['color']) };
        return inputRequired({ inputRequests, requestState: await codec.mint({ step: 2, name }) });
      }
      const inputRequests = { step1: form('Step 1: What is your name?', { name: aString }, ['name']) };
      return inputRequired({ inputRequests, requestState: await codec.mint({ step: 1 }) });
    },
  );
}

const ask = (inputRequests: InputRequests) => inputRequired({ inputRequests });

/** What the person typed into a form, once they accepted it. */
function content({ mcpReq }: ServerContext, key: string): Record<string, unknown> | undefined {
  const answer = inputResponse(mcpReq.inputResponses, key);
  return answer.kind === 'elicit' && answer.action === 'accept' ? (answer.content ?? {}) : undefined;
}

/** What the model of the client said. */
function sampled({ mcpReq }: ServerContext, key: string): string | undefined {
  const answer = inputResponse(mcpReq.inputResponses, key);
  if (answer.kind !== 'sampling') return undefined;
  const [first] = [answer.result.content].flat();
  return first?.type === 'text' ? first.text : JSON.stringify(first);
}

const options = (stem: string, count: number) => Array.from({ length: count }, (_, index) => `${stem}${index + 1}`);

const titled = (stem: string, title: string) =>
  ['First', 'Second', 'Third'].map((ordinal, index) => ({
    const: `${stem}${index + 1}`,
    title: `${ordinal} ${title}`,
  }));
