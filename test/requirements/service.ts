/** Behaviours that the `service` room owns; test titles cite the ids. */
export const requirements = [
  { id: 'DP-1.clearance', source: 'data-plane §1', behaviour: 'No service can be called without a stamped clearance.' },
] as const;
