import * as z from 'zod';
import { envelope, unused } from './manifest.ts';

/** The kinds of Kubernetes itself that routing refers to. */

const port = z.int().min(1).max(65_535);

export const service = z.strictObject({
  ...envelope(['v1'], 'Service'),
  spec: z
    .strictObject({
      type: z
        .enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'])
        .default('ClusterIP')
        .describe('Kind of service.'),
      externalName: z.string().min(1).optional().describe('For `ExternalName`: the name or address of the server.'),
      clusterIP: z.string().optional().describe("The service's own address in a cluster; used with `nativeLB`."),
      ports: z
        .array(
          z.strictObject({
            name: z.string().optional().describe('Name of the port, to refer to it by.'),
            port: port.describe('Number of the port.'),
            protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP').describe('Transport protocol.'),
            targetPort: z
              .union([port, z.string().min(1)])
              .optional()
              .describe('Not used: endpoints say their ports themselves.'),
            nodePort: unused('Not used.'),
            appProtocol: unused('Not used.'),
          }),
        )
        .default([])
        .describe('Ports.'),
      allocateLoadBalancerNodePorts: unused('Not used.'),
      clusterIPs: unused('Not used.'),
      externalIPs: unused('Not used.'),
      externalTrafficPolicy: unused('Not used.'),
      healthCheckNodePort: unused('Not used.'),
      internalTrafficPolicy: unused('Not used.'),
      ipFamilies: unused('Not used.'),
      ipFamilyPolicy: unused('Not used.'),
      loadBalancerClass: unused('Not used.'),
      loadBalancerIP: unused('Not used.'),
      loadBalancerSourceRanges: unused('Not used.'),
      publishNotReadyAddresses: unused('Not used.'),
      selector: unused('Not used: files know no pods.'),
      sessionAffinity: unused('Not used: see `sticky`.'),
      sessionAffinityConfig: unused('Not used.'),
      trafficDistribution: unused('Not used.'),
    })
    .refine((spec) => spec.type !== 'ExternalName' || spec.externalName !== undefined, {
      error: 'needs `externalName`, because its type is ExternalName',
      when: () => true,
    })
    .describe('Where the service is.'),
});
export type Service = z.output<typeof service>;

const conditions = z.strictObject({
  ready: z.boolean().nullable().optional().describe('False: gets no requests.'),
  serving: z.boolean().nullable().optional().describe('Not used.'),
  terminating: z.boolean().nullable().optional().describe('Not used.'),
});

export const endpointSlice = z.strictObject({
  ...envelope(['discovery.k8s.io/v1', 'discovery.k8s.io/v1beta1'], 'EndpointSlice'),
  addressType: z.enum(['IPv4', 'IPv6', 'FQDN']).describe('What `addresses` are.'),
  endpoints: z
    .array(
      z.strictObject({
        addresses: z.array(z.string().min(1)).min(1).describe('Addresses of the endpoint; the first counts.'),
        conditions: conditions.optional().describe('State of the endpoint.'),
        deprecatedTopology: unused('Not used.'),
        hints: unused('Not used.'),
        hostname: unused('Not used.'),
        nodeName: unused('Not used.'),
        targetRef: unused('Not used.'),
        topology: unused('Not used.'),
        zone: unused('Not used.'),
      }),
    )
    .nullable()
    .default([])
    .describe('The endpoints. The label `kubernetes.io/service-name` says of which Service.'),
  ports: z
    .array(
      z.strictObject({
        name: z.string().nullable().optional().describe("Name of the Service's port that this one stands for."),
        port: port.nullable().optional().describe('Number of the port.'),
        protocol: z.enum(['TCP', 'UDP', 'SCTP']).nullable().optional().describe('Transport protocol.'),
        appProtocol: unused('Not used.'),
      }),
    )
    .nullable()
    .default([])
    .describe('Ports of the endpoints.'),
});

export const endpoints = z.strictObject({
  ...envelope(['v1'], 'Endpoints'),
  subsets: z
    .array(
      z.strictObject({
        addresses: z
          .array(
            z.strictObject({
              ip: z.string().min(1).describe('Address of the endpoint.'),
              hostname: unused('Not used.'),
              nodeName: unused('Not used.'),
              targetRef: unused('Not used.'),
            }),
          )
          .default([])
          .describe('Endpoints that are ready.'),
        notReadyAddresses: unused('Get no requests.'),
        ports: z
          .array(
            z.strictObject({
              name: z.string().optional().describe("Name of the Service's port that this one stands for."),
              port: port.describe('Number of the port.'),
              protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional().describe('Transport protocol.'),
              appProtocol: unused('Not used.'),
            }),
          )
          .default([])
          .describe('Ports of the endpoints.'),
      }),
    )
    .default([])
    .describe('Groups of endpoints. The object has the name of its Service.'),
});

const keys = z.string().regex(/^[-._a-zA-Z0-9]+$/, { error: 'must be letters, digits, `-`, `_` and `.`' });
const base64 = z
  .string()
  .refine((text) => isBase64(text), { error: 'is not base64; put plain text under `stringData`' });

export const secret = z.strictObject({
  ...envelope(['v1'], 'Secret'),
  type: z
    .string()
    .optional()
    .describe('What the Secret holds, for instance `Opaque`, `kubernetes.io/tls` or `kubernetes.io/basic-auth`.'),
  immutable: unused('Not used.'),
  data: z.record(keys, base64).nullable().optional().describe('Values in base64.'),
  stringData: z.record(keys, z.string()).nullable().optional().describe('Values as plain text; they win over `data`.'),
});

export const configMap = z.strictObject({
  ...envelope(['v1'], 'ConfigMap'),
  immutable: unused('Not used.'),
  data: z.record(keys, z.string()).nullable().optional().describe('Values as plain text.'),
  binaryData: z.record(keys, base64).nullable().optional().describe('Values in base64.'),
});

function isBase64(text: string): boolean {
  const packed = text.replace(/\s+/g, '');
  return packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed);
}
