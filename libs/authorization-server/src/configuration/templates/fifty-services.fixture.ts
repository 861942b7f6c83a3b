const AREAS = ['billing', 'catalog', 'delivery', 'fraud', 'loyalty', 'orders', 'pricing', 'returns', 'search', 'stock'];
const PARTS = ['api', 'archive', 'events', 'partners', 'reports'];
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

const SERVICES = AREAS.flatMap((area) => PARTS.map((part) => `${area}-${part}`));
const secretOf = (service: string): string => `\${${service.toUpperCase().replace('-', '_')}_SECRET}`;

interface Call {
  readonly client: string;
  readonly target: string;
  readonly kind: 'reads' | 'writes';
  /** Seconds, where they are fewer than the default. */
  readonly timeToLive?: number;
}

/** Each service calls three others; it reads from two and writes to one. */
const CALLS = SERVICES.flatMap((client, i): Call[] =>
  [1, 7, 23].map((step, j) => ({
    client,
    target: SERVICES[(i + step) % SERVICES.length]!,
    kind: j === 2 ? 'writes' : 'reads',
    ...(j === 0 && i % 5 === 0 && { timeToLive: 30 }),
  })),
);

/** The secrets that the file refers to. */
export const secrets = Object.fromEntries(
  SERVICES.map((service) => [secretOf(service).slice(2, -1), crypto.randomUUID()]),
);

/** 50 services and 150 edges with templates and defaults. */
export function shortForm(): string {
  return `defaults:
  resources:
    scopes: ['{audience}.read', '{audience}.write']
  clients:
    grantTypes: [client_credentials, '${EXCHANGE}']
    scopes: ['{clientId}.read']
    defaultResource: '{clientId}'
    represents: ['{clientId}']
  edges:
    subjectAudience: '{client}'
    mode: delegation
    actor: client
    maxDepth: 4
    timeToLive: 120

templates:
  edges:
    reads:
      scopes: { '{target}.read': { requires: ['{client}.read'] } }
    writes:
      scopes:
        '{target}.read': { requires: ['{client}.read'] }
        '{target}.write': { requires: ['{client}.write'] }
      maxAuthenticationAge: 900

resources:
${SERVICES.map((service) => `  - audience: ${service}\n`).join('')}
clients:
${SERVICES.map((service) => `  - { clientId: ${service}, secret: '${secretOf(service)}' }\n`).join('')}
edges:
${CALLS.map(({ kind, client, target, timeToLive }) => {
  const limit = timeToLive === undefined ? '' : `, timeToLive: ${timeToLive}`;
  return `  - { template: ${kind}, client: ${client}, target: ${target}${limit} }\n`;
}).join('')}`;
}

/** The same, as an object that says everything in each place. */
export function longForm(): object {
  return {
    resources: SERVICES.map((service) => ({ audience: service, scopes: [`${service}.read`, `${service}.write`] })),
    clients: SERVICES.map((service) => ({
      clientId: service,
      secret: secretOf(service),
      grantTypes: ['client_credentials', EXCHANGE],
      scopes: [`${service}.read`],
      defaultResource: service,
      represents: [service],
    })),
    edges: CALLS.map(({ kind, client, target, timeToLive = 120 }) => {
      const read = { [`${target}.read`]: { requires: [`${client}.read`] } };
      const write = { [`${target}.write`]: { requires: [`${client}.write`] } };
      return {
        ...{ client, subjectAudience: client, target, mode: 'delegation', actor: 'client', maxDepth: 4, timeToLive },
        ...(kind === 'reads' ? { scopes: read } : { scopes: { ...read, ...write }, maxAuthenticationAge: 900 }),
      };
    }),
  };
}
