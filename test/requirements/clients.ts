/** Behaviours that real clients, the conformance suite and the guide's walk prove. */
export const requirements = [
  {
    id: 'DP-1.transparent',
    source: 'data-plane §1.3',
    behaviour: 'A route to one upstream changes nothing that the conformance suite can see, in either era.',
  },
  {
    id: 'DP-1.client-leg',
    source: 'data-plane §1.3',
    behaviour:
      'What a conforming client sends arrives through the gateway so that the suite finds nothing missing or added.',
  },
  {
    id: 'DP-1.eras',
    source: 'data-plane §1.3',
    behaviour: 'A client settles on the same era through the gateway as straight.',
  },
  {
    id: 'DP-1.era-evidence',
    source: 'data-plane §1.3',
    behaviour: 'Against an upstream of one era every client comes to the same end, error messages included.',
  },
  { id: 'DP-1.tools', source: 'data-plane §1.3', behaviour: 'Tools are listed and called in both eras.' },
  {
    id: 'DP-1.resources',
    source: 'data-plane §1.3',
    behaviour:
      'Resources and templates are listed and read in both eras, and an unknown one is the error of the upstream.',
  },
  {
    id: 'DP-1.prompts',
    source: 'data-plane §1.3',
    behaviour: 'Prompts are listed, completed and fetched in both eras.',
  },
  {
    id: 'DP-1.questions',
    source: 'data-plane §1.3',
    behaviour: 'Sampling, elicitation, roots and multi-step calls with a request state work in both eras.',
  },
  {
    id: 'DP-1.inspector-cli',
    source: 'data-plane §1.3',
    behaviour: 'The Inspector command line prints the same through the gateway as straight, in both eras.',
  },
  {
    id: 'DP-3.mirrored',
    source: 'data-plane §3',
    behaviour: 'Arguments that clients mirror in headers arrive whatever characters they hold.',
  },
  {
    id: 'DP-4.untouched',
    source: 'data-plane §4',
    behaviour: 'Status, media type and bytes of an answer of the upstream come back untouched, refusals included.',
  },
  {
    id: 'DP-4.challenge-cli',
    source: 'data-plane §4',
    behaviour: 'A client without a token understands from the 401 that it needs one.',
  },
  {
    id: 'DP-5.session-end',
    source: 'data-plane §5',
    behaviour: 'A session that its client ended is unknown from then on: 404.',
  },
  {
    id: 'DP-5.token-stays',
    source: 'data-plane §5',
    behaviour: 'The token of the caller never reaches the upstream, whatever the client does.',
  },
  {
    id: 'DP-6.progress',
    source: 'data-plane §6',
    behaviour: 'Progress notices arrive in order while the call runs.',
  },
  {
    id: 'DP-6.cancel',
    source: 'data-plane §6',
    behaviour: 'A call that its client cancels is cancelled at the upstream, in the way of its era.',
  },
  {
    id: 'DP-6.subscribe',
    source: 'data-plane §6',
    behaviour: 'Notices about a watched resource reach the client that watches it.',
  },
  { id: 'DP-6.list-changed', source: 'data-plane §6', behaviour: 'Notices about changed lists reach the client.' },
  {
    id: 'DP-6.resume',
    source: 'data-plane §6',
    behaviour: 'A legacy stream that was closed is resumed with Last-Event-ID and brings the answer.',
  },
  {
    id: 'DP-6.legacy-goes-on',
    source: 'data-plane §6',
    behaviour:
      'A legacy call outlives the connection of its client, and its answer can be fetched on a resumed stream.',
  },
  {
    id: 'DP-6.modern-ends',
    source: 'data-plane §6',
    behaviour: 'A modern call is aborted at the upstream when the connection of its client is gone.',
  },
  {
    id: 'DP-6.concurrent',
    source: 'data-plane §6',
    behaviour: 'Answers of calls that run at the same time are not mixed up.',
  },
  {
    id: 'G-3.forward',
    source: 'guide, step 3',
    behaviour:
      'The upstream gets the claims as headers, never the token, and nothing a client sends under those names.',
  },
  {
    id: 'G-5.strip',
    source: 'guide, step 5',
    behaviour: 'The prefix is removed on the way, and the upstream is addressed by its own name.',
  },
  { id: 'G-6.load', source: 'guide, steps 2 to 6', behaviour: 'The manifests load unchanged and without an error.' },
  { id: 'G-6.404', source: 'guide, steps 6 and 9', behaviour: 'A wrong host and a wrong path are answered with 404.' },
  { id: 'G-7.metadata', source: 'guide, step 7', behaviour: 'The metadata document is the one that the guide shows.' },
  {
    id: 'G-9.challenge',
    source: 'guide, step 9',
    behaviour: 'Without a token: 401, an empty body and a challenge that names the metadata document.',
  },
  {
    id: 'G-9.bad-token',
    source: 'guide, step 9',
    behaviour: 'With a bad token: 401, and the challenge says that the token is the reason.',
  },
  { id: 'G-9.stream', source: 'guide, step 9', behaviour: 'A GET with a token opens an event stream.' },
  {
    id: 'G-10.connect',
    source: 'guide, step 10',
    behaviour: 'The Inspector in a browser connects via its proxy with an Authorization header.',
  },
  {
    id: 'G-11.tools',
    source: 'guide, step 11',
    behaviour: 'The Inspector lists the tools and shows structure and contents of the wiki.',
  },
  { id: 'G-11.call', source: 'guide, step 11', behaviour: 'Before the policy the developer may call every tool.' },
  {
    id: 'G-12.developer',
    source: 'guide, step 12',
    behaviour: 'After the edit the developer gets 403 for the contents, with nothing but a decision id.',
  },
  {
    id: 'G-12.structure',
    source: 'guide, step 12',
    behaviour: 'The developer may still list tools, sees only those that can be called, and reads the structure.',
  },
  { id: 'G-12.admin', source: 'guide, step 12', behaviour: 'The admin gets the contents.' },
  { id: 'G-12.unlisted', source: 'guide, step 12', behaviour: 'What no policy allows is denied to everyone.' },
  {
    id: 'G-12.log',
    source: 'guide, step 12',
    behaviour: 'The log names middleware and reason of a denial under the decision id that the caller was told.',
  },
  {
    id: 'G-12.log-rule',
    source: 'guide, step 12',
    behaviour: 'When a rule denies, the log names it and the sub-expression that settled the matter.',
  },
  {
    id: 'DP-5.restart',
    source: 'data-plane §5',
    behaviour: 'A session goes on through a restart of the gateway when its key is configured.',
  },
  {
    id: 'DP-5.foreign-session',
    source: 'data-plane §5',
    behaviour: 'The session of one caller is unknown to every other: 404, and the upstream hears nothing of it.',
  },
  {
    id: 'DP-1.behind-policies',
    source: 'data-plane §1.3 and §6',
    behaviour:
      'Policies that allow everything, lists filtered by them included, change nothing that the suite can see.',
  },
  {
    id: 'G-12.developer-ui',
    source: 'guide, step 12',
    behaviour: 'The Inspector shows the developer the refusal of the contents.',
  },
  {
    id: 'G-12.admin-ui',
    source: 'guide, step 12',
    behaviour: 'The Inspector shows the admin the contents after reconnecting with another token.',
  },
  {
    id: 'G-next.api-key',
    source: 'guide, API key-protected servers',
    behaviour: 'A headers middleware puts the key of the upstream in the place of the token of the caller.',
  },
  {
    id: 'G-next.api-key-closed',
    source: 'guide, API key-protected servers',
    behaviour: 'Nobody uses the key of the upstream without a token of the gateway, and no log holds it.',
  },
  {
    id: 'G-next.oauth-metadata',
    source: 'guide, OAuth pass-through',
    behaviour:
      'The metadata of a pass-through route names the gateway as resource and the authorization servers of the upstream.',
  },
  {
    id: 'G-next.oauth-challenge',
    source: 'guide, OAuth pass-through',
    behaviour: 'Challenges of the upstream point to the metadata of the route, and are otherwise as they came.',
  },
  {
    id: 'G-next.oauth-flow',
    source: 'guide, OAuth pass-through',
    behaviour: 'A client gets from the first refusal through registration and consent to a call.',
  },
  {
    id: 'G-next.oauth-cors-metadata',
    source: 'guide, OAuth pass-through',
    behaviour: 'A page in a browser may read the metadata document.',
  },
  {
    id: 'G-next.oauth-cors-challenge',
    source: 'guide, OAuth pass-through',
    behaviour: 'A page in a browser gets through the preflight without a token and may read the challenge of the 401.',
  },
  {
    id: 'G-next.oauth-cors-session',
    source: 'guide, OAuth pass-through',
    behaviour: 'A page in a browser may read the session id; CORS headers of the upstream do not disturb.',
  },
  {
    id: 'G-next.oauth-cors-foreign',
    source: 'guide, OAuth pass-through',
    behaviour: 'A page of an origin that is not allowed learns nothing.',
  },
  {
    id: 'G-next.jwks',
    source: 'guide, production OAuth',
    behaviour: 'Tokens of a real authorization server are accepted by its published keys, and their claims decide.',
  },
  {
    id: 'G-next.audience',
    source: 'guide, production OAuth',
    behaviour: 'A token made for another resource is refused with a challenge.',
  },
  {
    id: 'G-next.confusion',
    source: 'guide, production OAuth',
    behaviour: 'A token signed with a shared secret is refused on a route with published keys.',
  },
  {
    id: 'G-next.rotation',
    source: 'guide, production OAuth',
    behaviour:
      'After a key rotation new tokens are accepted at once for one fetch, and those of a withdrawn key are not.',
  },
  {
    id: 'G-next.cooldown',
    source: 'guide, production OAuth',
    behaviour: 'Unknown key ids cause no second fetch within the cooldown.',
  },
  {
    id: 'G-next.unreachable',
    source: 'guide, production OAuth',
    behaviour: 'A route whose keys were never reachable answers 503 with Retry-After.',
  },
  {
    id: 'G-next.tenants',
    source: 'guide, multi-tenancy',
    behaviour: 'A tenant rule admits exactly the resources of the tenant in the claim, and none without a claim.',
  },
  {
    id: 'G-demo.lines',
    source: 'guide, steps 7 to 12',
    behaviour: 'Every line that the demo prints to paste does what the text above it says.',
  },
] as const;
