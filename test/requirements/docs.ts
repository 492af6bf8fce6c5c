export const requirements = [
  {
    id: 'G-docs.standalone',
    source: 'guide, Steps 1–12',
    behaviour: 'Every block of the standalone guide runs and prints what the page shows.',
  },
  {
    id: 'G-docs.cluster',
    source: 'guide, Steps 1–13',
    behaviour: 'Every block of the guide in a cluster that needs no nodes runs and prints what the page shows.',
  },
  {
    id: 'G-docs.same-manifests',
    source: 'guide, Steps 2–12',
    behaviour: 'The guide shows the manifests that the examples folder holds.',
  },
  {
    id: 'G-docs.links',
    source: 'guide',
    behaviour: 'Links in the documentation lead to pages and headings that exist.',
  },
  { id: 'G-docs.yaml', source: 'guide', behaviour: 'YAML in the documentation is well-formed.' },
  { id: 'G-docs.readme', source: 'guide', behaviour: 'The commands of the README do what it says.' },
  {
    id: 'G-docs.dependencies',
    source: 'how we build: libraries',
    behaviour: 'Every runtime dependency is pinned and has a reason on the page.',
  },
] as const;
