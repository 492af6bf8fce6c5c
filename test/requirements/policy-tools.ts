/** Tools that tell what a policy does before it is live, and what callers see of it. */
export const requirements = [
  {
    id: 'PL-4.diff-sound',
    source: 'policy-language §4',
    behaviour:
      'What the comparison of two policies calls unchanged is decided alike by both, for every caller and argument.',
  },
  {
    id: 'PL-6.diff-lists',
    source: 'policy-language §6',
    behaviour: 'What the comparison of two policies calls unchanged is listed alike by both, for every caller.',
  },
  {
    id: 'PL-4.policy-tools',
    source: 'policy-language §4, §6, §8',
    behaviour:
      'policy test, explain, lint, matrix and diff tell of every finding and change its place, its reason and an example.',
  },
  {
    id: 'G-12.policy-tests',
    source: 'guide, step 12',
    behaviour:
      'The policies of the guide and of the examples hold the cases beside them, and no small mistake in them goes unnoticed.',
  },
  {
    id: 'PL-6.lists-through-the-gateway',
    source: 'policy-language §6',
    behaviour:
      'Real clients of both eras see lists of tools, prompts, resources and templates as their claims allow, over JSON and over SSE.',
  },
  {
    id: 'PL-4.calls-through-the-gateway',
    source: 'policy-language §4',
    behaviour: 'A call that the policies block reaches the upstream zero times, an allowed one exactly once.',
  },
  {
    id: 'PL-6.capabilities-through-the-gateway',
    source: 'policy-language §6',
    behaviour:
      'Real clients of both eras are offered only the capabilities that they could use, over JSON and over SSE.',
  },
  {
    id: 'PL-4.lint-pairs',
    source: 'the tools for people of the policy language',
    behaviour: 'Every finding of `policy lint` has a policy in which it is found, and a safer form in which it is not.',
  },
  {
    id: 'PL-4.case-schema',
    source: 'the tools for people of the policy language',
    behaviour: 'The JSON Schema of policy test files takes what `policy test` takes, as far as a schema can say it.',
  },
  {
    id: 'G-12.tests-apart',
    source: 'the guide, step 12',
    behaviour:
      'Policy tests of the examples stand where `kubectl apply -f FOLDER` does not look, and are found by default.',
  },
  {
    id: 'PL-6.unknown-through-the-gateway',
    source: 'policy-language §6',
    behaviour: 'With hideAsUnknown, what a caller can neither see nor call answers like something that does not exist.',
  },
  {
    id: 'PL-4.policy-pages',
    source: 'policy-language §4, §6',
    behaviour: 'The commands on the pages about policies answer what the pages show.',
  },
  {
    id: 'PL-4.reach-sound',
    source: 'policy-language §4',
    behaviour: 'A rule that policy lint calls unreachable or contradictory decides no message.',
  },
  {
    id: 'PL-6.matrix-sound',
    source: 'policy-language §6',
    behaviour: 'What the matrix calls always or never is allowed or denied for every argument and every open claim.',
  },
] as const;
