export const requirements = [
  {
    id: 'G-docs.standalone',
    source: 'guide, Steps 1–12',
    behaviour: 'Every block of the standalone guide runs and prints what the page shows.',
  },
  {
    id: 'G-docs.same-manifests',
    source: 'guide, Steps 2–12',
    behaviour: 'The guide shows the manifests that the examples folder holds.',
  },
] as const;
