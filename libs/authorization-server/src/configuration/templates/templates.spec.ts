import { describe, expect, it } from '@jest/globals';
import { parse as parseYaml } from 'yaml';
import { parseServerConfig } from '../read-server-config.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SERVICES = `
resources: [{ audience: orders }, { audience: stock }]
clients:
  - { clientId: orders, template: service, secret: '\${ORDERS}' }
  - { clientId: stock, template: service, secret: '\${STOCK}', grantTypes: [client_credentials] }
defaults:
  resources: { scopes: [read], signingAlgorithm: RS256 }
  clients: { enabled: false, dpopBound: '\${BOUND}' }
  edges: { mode: delegation, maxDepth: 4, timeToLive: 120 }
templates:
  clients:
    service: { enabled: true, grantTypes: ['${EXCHANGE}'], represents: ['{clientId}'] }
  edges:
    reads:
      subjectAudience: '{client}'
      maxDepth: 3
      scopes: { read: { requires: [read] } }
`;
const ENVIRONMENT = { ORDERS: 'a', STOCK: 'b', BOUND: 'true', DEEP: '9' };

const parse = (text: string) => parseServerConfig(parseYaml(text), ENVIRONMENT, { file: 'c' });
const mistakes = (text: string): string[] => {
  try {
    parse(text);
    return [];
  } catch (error) {
    const { errors = [error] } = error as Partial<AggregateError>;
    return (errors as Error[]).map(({ message }) => message);
  }
};
const edges = (...lines: string[]) => `${SERVICES}edges:\n${lines.map((line) => `  - { ${line} }\n`).join('')}`;

describe('templates and defaults', () => {
  it('are taken member by member: the entry, else its template, else the defaults', () => {
    const config = parse(
      edges(
        'client: orders, target: stock, template: reads',
        'client: orders, target: stock, subjectAudience: orders, maxDepth: 2, scopes: {}',
      ),
    );
    expect(
      config.clients.map(({ enabled, dpopBound, grantTypes, represents }) => [
        enabled,
        dpopBound,
        grantTypes,
        represents,
      ]),
    ).toEqual([
      [true, true, [EXCHANGE], ['orders']],
      [true, true, ['client_credentials'], ['stock']],
    ]);
    expect(config.resources[0]).toEqual({
      audience: 'orders',
      kind: 'resource',
      scopes: ['read'],
      signingAlgorithm: 'RS256',
      typ: 'at+jwt',
    });
    const { scopes, ...first } = config.edges[0]!;
    expect(first).toEqual({
      client: 'orders',
      subjectAudience: 'orders',
      target: 'stock',
      mode: 'delegation',
      enabled: true,
      maxDepth: 3,
      timeToLive: 120,
    });
    expect(scopes).toEqual({ read: { requires: ['read'] } });
    expect(config.edges[1]).toMatchObject({ maxDepth: 2, scopes: {} });
  });

  it('leave nothing behind in the configuration', () => {
    const config = parse(edges('client: orders, target: stock, template: reads'));
    expect(Object.keys(config)).not.toEqual(expect.arrayContaining([expect.stringMatching(/defaults|templates/)]));
    expect(Object.keys(config.edges[0]!)).not.toContain('template');
  });

  it('lists and maps are taken whole, never mixed', () => {
    const text = edges('client: orders, target: stock, template: reads, scopes: { read: {} }');
    expect(parse(text).edges[0]!.scopes).toEqual({ read: {} });
  });

  it('fill in what the entry says of itself, in names too', () => {
    const text = SERVICES.replace(
      '{ read: { requires: [read] } }',
      "{ '{target}.read': { requires: ['{client}.{subjectAudience}'] } }",
    )
      .replace("subjectAudience: '{client}'", 'subjectAudience: orders')
      .replace('scopes: [read]', "scopes: ['{audience}.read', '{audience}.orders']");
    expect(parse(`${text}edges: [{ client: orders, target: stock, template: reads }]`).edges[0]!.scopes).toEqual({
      'stock.read': { requires: ['orders.orders'] },
    });
  });

  const web = (members: string, entry = ''): string =>
    `templates: { clients: { web: { grantTypes: [authorization_code], ${members} } } }
clients: [{ clientId: shop, template: web, secret: '\${ORDERS}', ${entry} }]`;

  it('fill in what fits only with the part of the entry, such as the host of a URL', () => {
    const [client] = parse(web("redirectUris: ['https://{clientId}.example/callback']")).clients;
    expect(client!.redirectUris).toEqual(['https://shop.example/callback']);
  });

  it('are judged by what is filled in, in each entry that has it and in no other', () => {
    const text = web("consent: '{clientId}', redirectUris: ['{clientId}']");
    expect(mistakes(text)).toEqual([
      'c: clients[0].redirectUris[0] (c: templates.clients.web.redirectUris[0]) is "shop"; accepted: an http or https URL',
      expect.stringContaining('c: clients[0].consent (c: templates.clients.web.consent) is "shop"; accepted: '),
    ]);
    const own = "consent: skip, redirectUris: ['https://shop.example/']";
    expect(parse(web("consent: '{clientId}', redirectUris: ['{clientId}']", own)).clients[0]!.consent).toBe('skip');
  });

  it.each([
    ...['defaults', 'defaults: { clients', 'templates', 'templates: { clients', 'templates: { clients: { web'],
    ...['templates: { clients: { web: { redirectUris', 'defaults: { edges: { maxDepth'],
  ])('are told where text can never fit, whatever is filled in: %s', (place) => {
    const text = `${place}: '{clientId}'${'}'.repeat(place.split('{').length - 1)}`;
    const setting = place.replaceAll(': { ', '.');
    expect(mistakes(text)).toEqual([expect.stringContaining(`c: ${setting} is "{clientId}"; accepted: `)]);
  });

  it.each([
    [
      'a template that is not there',
      'client: orders, target: stock, template: read',
      'c: edges[0].template is "read"; accepted: reads',
    ],
    [
      'a template by the name of a member of objects',
      'client: orders, target: stock, template: constructor',
      'c: edges[0].template is "constructor"; accepted: reads',
    ],
    [
      'a template that is no name',
      'client: orders, target: stock, template: [reads]',
      'c: edges[0].template is ["reads"]; accepted: reads',
    ],
    [
      'an entry without what its template refers to',
      'target: stock, template: reads',
      'c: edges[0].subjectAudience (c: templates.edges.reads.subjectAudience) is "{client}"; accepted: what the entry says: {target}',
    ],
  ])('%s is a mistake', (_, edge, message) => {
    expect(mistakes(edges(edge))[0]).toBe(message);
  });

  it.each([
    ['a reference to nothing', "'{user}.read'", '"{user}"; accepted: what the entry says: {client}, {target}'],
    [
      'a reference to a reference',
      "'{subjectAudience}'",
      '"{subjectAudience}"; accepted: what the entry says: {client}, {target}',
    ],
  ])('%s is a mistake', (_, name, told) => {
    const text = edges('client: orders, target: stock, template: reads').replace(
      'requires: [read]',
      `requires: [${name}]`,
    );
    expect(mistakes(text)[0]).toContain(told);
  });

  it('names that become one are a mistake', () => {
    const text = edges('client: orders, target: orders, template: reads').replace(
      '{ read: {',
      "{ '{client}': {}, '{target}': {",
    );
    expect(mistakes(text)).toContain(
      'c: edges[0].scopes (c: templates.edges.reads.scopes) is "orders"; accepted: names that differ for this entry',
    );
  });

  it('a mistake in a template is told once, there, whether or not it is used', () => {
    const text = edges(
      'client: orders, target: stock, template: reads',
      'client: orders, target: stock, template: reads',
    )
      .replace('maxDepth: 3', 'maxDepth: deep')
      .replace('enabled: false', 'enabled: nobody');
    expect(mistakes(text)).toEqual([
      'c: defaults.clients.enabled is "nobody"; accepted: Invalid input: expected boolean, received string',
      'c: templates.edges.reads.maxDepth is "deep"; accepted: a whole number',
    ]);
  });

  it('a mistake that an entry makes of a template is told with both places', () => {
    const text = edges('client: orders, target: stock, template: reads').replace('{ read: {', '{ write: {');
    expect(mistakes(text)).toEqual(['c: edges[0].scopes (c: templates.edges.reads.scopes) is "write"; accepted: read']);
  });

  it.each([
    ['clients', 'secret'],
    ['clients', 'clientId'],
    ['clients', 'jwks'],
    ['clients', 'template'],
    ['resources', 'audience'],
    ['edges', 'id'],
  ])('of %s hold no %s: that belongs to one alone', (kind, member) => {
    const lines = mistakes(`defaults: { ${kind}: { ${member}: x } }\ntemplates: { ${kind}: { t: { ${member}: x } } }`);
    expect(lines).toEqual(
      [`c: defaults.${kind}.${member}`, `c: templates.${kind}.t.${member}`].map((name) =>
        expect.stringMatching(new RegExp(`^${name} is .*; accepted: no such setting here$`)),
      ),
    );
  });

  describe('a limit only narrows', () => {
    it.each([
      [
        'more than its template',
        'maxDepth: 4',
        'c: edges[0].maxDepth is 4; accepted: no more than 3, by c: templates.edges.reads.maxDepth',
      ],
      [
        'more than the defaults',
        'timeToLive: 121',
        'c: edges[0].timeToLive is 121; accepted: no more than 120, by c: defaults.edges.timeToLive',
      ],
      [
        'more than both',
        "maxDepth: '${DEEP}'",
        'c: edges[0].maxDepth is 9; accepted: no more than 3, by c: templates.edges.reads.maxDepth',
      ],
    ])('an edge with %s', (_, limit, message) => {
      expect(mistakes(edges(`client: orders, target: stock, template: reads, ${limit}`))).toEqual([message]);
    });

    it('a template with more than the defaults', () => {
      expect(mistakes(SERVICES.replace('maxDepth: 3', 'maxDepth: 5'))).toEqual([
        'c: templates.edges.reads.maxDepth is 5; accepted: no more than 4, by c: defaults.edges.maxDepth',
      ]);
    });

    it('as much or less is fine', () => {
      expect(mistakes(edges('client: orders, target: stock, template: reads, maxDepth: 3, timeToLive: 1'))).toEqual([]);
    });
  });

  it('YAML merges and anchors work beside them', () => {
    const text = `
clients:
  - &one { clientId: one, secret: '\${ORDERS}', grantTypes: [client_credentials] }
  - { <<: *one, clientId: two }
`;
    const config = parseServerConfig(parseYaml(text, { merge: true }), ENVIRONMENT);
    expect(config.clients.map(({ clientId }) => clientId)).toEqual(['one', 'two']);
  });
});
