/** What the policy language and its engine promise; the tests of `expression` and `policy` cite these ids. */
export const requirements = [
  {
    id: 'PL-1.grammar',
    source: 'policy-language §1',
    behaviour:
      '`!` binds tighter than `&&`, `&&` tighter than `||`; white space and line breaks are free between tokens.',
  },
  {
    id: 'PL-1.quotes',
    source: 'policy-language §1',
    behaviour:
      'Backtick text is raw; double and single quotes take the listed escapes; all three styles are legal everywhere.',
  },
  {
    id: 'PL-1.names',
    source: 'policy-language §1',
    behaviour:
      'Function names are exact; a near miss is an error that suggests the nearest name, a wrong argument count or kind too.',
  },
  {
    id: 'PL-1.errors',
    source: 'policy-language §1',
    behaviour: 'Every error is a diagnostic with a code, its place, the offending slice and a caret.',
  },
  {
    id: 'PL-1.limits',
    source: 'policy-language §1',
    behaviour: '16 KiB of text, 256 nesting levels and 1,024 calls are allowed; past them there is a diagnostic.',
  },
  {
    id: 'PL-1.print',
    source: 'policy-language §1 and the laws of the authorization work',
    behaviour: 'Printing an expression and parsing it again gives the same expression.',
  },
  {
    id: 'PL-2.paths',
    source: 'policy-language §2',
    behaviour: 'Paths split on dots, `\\.` and `\\\\` escape, numeric names index arrays, anything else is absent.',
  },
  {
    id: 'PL-2.own-properties',
    source: 'policy-language §2',
    behaviour: 'Only own properties are found, whatever they are called.',
  },
  {
    id: 'PL-2.impossible-paths',
    source: 'policy-language §2',
    behaviour:
      'A path that can never lead to a value, and the reserved `*`, are configuration errors with a suggestion.',
  },
  {
    id: 'PL-3.vocabulary',
    source: 'policy-language §3',
    behaviour: 'The functions of policies are exactly the twelve of the table.',
  },
  {
    id: 'PL-3.kleene',
    source: 'policy-language §3',
    behaviour: 'Calls are true, false or undetermined, and the connectives are those of Kleene.',
  },
  {
    id: 'PL-3.equals',
    source: 'policy-language §3',
    behaviour: 'Equals gives the outcomes of the table, `${}` included.',
  },
  {
    id: 'PL-3.one-of',
    source: 'policy-language §3',
    behaviour: 'OneOf gives the outcomes of the table; an array brought in stands for its elements.',
  },
  {
    id: 'PL-3.contains',
    source: 'policy-language §3',
    behaviour: 'Contains gives the outcomes of the table, for arrays and for texts.',
  },
  { id: 'PL-3.affixes', source: 'policy-language §3', behaviour: 'Prefix and Suffix give the outcomes of the table.' },
  {
    id: 'PL-3.split-contains',
    source: 'policy-language §3',
    behaviour: 'SplitContains gives the outcomes of the table.',
  },
  {
    id: 'PL-3.comparisons',
    source: 'policy-language §3',
    behaviour: 'Lt, Lte, Gt and Gte compare numbers and strict decimal texts, and judge nothing else.',
  },
  { id: 'PL-3.matches', source: 'policy-language §3', behaviour: 'Matches is RE2, unanchored, for texts only.' },
  {
    id: 'PL-3.exists',
    source: 'policy-language §3',
    behaviour: 'Exists is true for anything but null, and never undetermined.',
  },
  {
    id: 'PL-3.equality',
    source: 'policy-language §3',
    behaviour:
      'Texts are equal exactly, numbers by mathematical value, booleans and null to themselves and their JSON text.',
  },
  {
    id: 'PL-3.strict-decimal',
    source: 'policy-language §3',
    behaviour: 'Strict decimal text is what the given expression matches and nothing around it.',
  },
  {
    id: 'PL-3.exact-numbers',
    source: 'policy-language §3',
    behaviour: 'Numbers are compared exactly, of any size, never through a double.',
  },
  {
    id: 'PL-3.constant',
    source: 'policy-language §3',
    behaviour: 'A condition that can never be true keeps its meaning and is warned of when the policy is loaded.',
  },
  {
    id: 'PL-3.nasty',
    source: 'policy-language §3',
    behaviour: 'No value of a message or claim makes a function fail; every call has one of the three outcomes.',
  },
  {
    id: 'PL-3.linear',
    source: 'policy-language §3 and the laws of the authorization work',
    behaviour: 'Evaluation takes time linear in the size of policy and message.',
  },
  {
    id: 'PL-4.worked-cases',
    source: 'policy-language §4',
    behaviour: 'The worked cases come out as the table says, in all three quote styles.',
  },
  {
    id: 'PL-4.absent-request-field',
    source: 'policy-language §4',
    behaviour:
      'In a deny, an absent field of the request makes its call false; every other undetermined call stays so.',
  },
  {
    id: 'PL-4.order',
    source: 'policy-language §4',
    behaviour: 'The first rule that applies decides, else the default action, which is deny when absent.',
  },
  {
    id: 'PL-4.law',
    source: 'policy-language §4 and the laws of the authorization work',
    behaviour: 'Appending an allow never turns an allow into a deny; the index never changes a decision.',
  },
  {
    id: 'PL-5.lifecycle',
    source: 'policy-language §5',
    behaviour: 'The listed messages are let through unless a rule applies to them, and nothing else is.',
  },
  {
    id: 'PL-5.listen',
    source: 'policy-language §5',
    behaviour: 'Each resource of a subscriptions/listen is judged as a subscription; one that is denied denies all.',
  },
  {
    id: 'PL-5.completion',
    source: 'policy-language §5 and decision 0002',
    behaviour: 'completion/complete is judged as the use of the prompt or resource it refers to.',
  },
  {
    id: 'PL-6.callable',
    source: 'policy-language §6',
    behaviour: 'An item is shown when some call of it could be allowed for this caller, whatever its arguments.',
  },
  {
    id: 'PL-6.capabilities-known',
    source: 'policy-language §6',
    behaviour: 'A method is of use to a caller when some message of it could be allowed, its fields and headers open.',
  },
  {
    id: 'PL-6.capabilities-law',
    source: 'policy-language §6',
    behaviour: 'A method that is called useless to a caller is one of which no message is allowed.',
  },
  {
    id: 'PL-6.kinds',
    source: 'policy-language §6',
    behaviour: 'Tools, prompts, resources and resource templates are each judged by the method that uses them.',
  },
  {
    id: 'PL-6.templates',
    source: 'policy-language §6',
    behaviour: 'A resource template stands for every URI that begins with its literal prefix.',
  },
  {
    id: 'PL-6.list-policies',
    source: 'policy-language §6',
    behaviour: 'listPolicies are tried in order with the item bound, then listDefaultAction decides.',
  },
  {
    id: 'PL-6.law',
    source: 'policy-language §6',
    behaviour: 'What is hidden cannot be called; what is shown can, unless conditions contradict each other.',
  },
  {
    id: 'PL-6.unknown',
    source: 'policy-language §6 and the authorization work',
    behaviour: 'Under hideAsUnknown, only what is hidden and could not be called anyway looks unknown.',
  },
  {
    id: 'PL-6.open-numbers',
    source: 'policy-language §6',
    behaviour: 'An item is not shown for the sake of a number that no text with the known parts can be.',
  },
  {
    id: 'PL-6.possible',
    source: 'policy-language §6',
    behaviour:
      'A condition with open parts has the outcomes that some values bring about, and no others but where the page leaves it.',
  },
  {
    id: 'PL-6.open-condition',
    source: 'policy-language §6',
    behaviour:
      'A condition over open paths and open parts of texts comes to what some values there make it, no more and no less.',
  },
  {
    id: 'PL-6.quick',
    source: 'policy-language §6 and the authorization work',
    behaviour: 'Filtering a long list under many rules costs little.',
  },
  {
    id: 'PL-7.roots',
    source: 'policy-language §7',
    behaviour: 'HTTP facts, the client address, the protocol revision and tool annotations are available to policies.',
  },
  {
    id: 'PL-8.record',
    source: 'policy-language §8',
    behaviour: 'Every decision yields one immutable record with what decided, what was asked and by whom.',
  },
  {
    id: 'PL-8.settled',
    source: 'policy-language §8',
    behaviour: 'A decision names the smallest sub-expression that settled it, with the values read.',
  },
  {
    id: 'PL-8.opt-in',
    source: 'policy-language §8',
    behaviour: 'Argument values appear in explanations only where the operator opted in.',
  },
  {
    id: 'PL-8.hash',
    source: 'policy-language §8',
    behaviour: 'The policy set hash changes with the meaning of the policies and not with their spacing.',
  },
  {
    id: 'PL-8.replay-fields',
    source: 'policy-language §8',
    behaviour:
      'A decision is recorded with the fields that the policies read, or with the word that they were kept back.',
  },
  {
    id: 'PL-8.replay',
    source: 'policy-language §8',
    behaviour: 'Recorded decisions can be made again by other policies; what was not recorded is never guessed.',
  },
  {
    id: 'SEC-decision-brand',
    source: 'architecture, structural safety',
    behaviour: 'A Decision cannot be changed, imitated or made without deciding.',
  },
  {
    id: 'DP-5.claims-expression',
    source: 'data-plane §5 and the reference on JWT options',
    behaviour: 'The claims option takes the same functions over paths relative to the claims, and passes on true only.',
  },
  {
    id: 'G-12.policies',
    source: 'guide, step 12 and next steps',
    behaviour: 'Every policy of the guide means what the guide says, in all three quote styles.',
  },
] as const;
