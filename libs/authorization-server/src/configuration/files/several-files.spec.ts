import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { readServerConfig } from '../read-server-config.js';

const client = (id: string, more = '') =>
  `- { clientId: ${id}, secret: '\${SECRET}', grantTypes: [client_credentials]${more} }\n`;

describe('a configuration in several files', () => {
  let folder: string;

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'several-')), 'config');
  });

  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  const read = (name = '') => readServerConfig(join(folder, name), { SECRET: randomUUID() });
  const clientsOf = (name?: string) => read(name).clients.map(({ clientId }) => clientId);
  const mistakes = (name?: string): string[] => {
    try {
      read(name);
      return [];
    } catch (error) {
      const { errors = [error] } = error as Partial<AggregateError>;
      return (errors as Error[]).map(({ message }) => message.replaceAll(dirname(folder), ''));
    }
  };

  it('is a folder: its YAML and JSON files in the order of their names, without hidden ones, schemas and folders', () => {
    write({
      'b.yml': `clients:\n${client('b')}`,
      'a.yaml': `clients:\n${client('a')}lifetimes: { accessToken: 60 }\n`,
      'c.json': '{ "generation": 7, "users": [] }',
      '.hidden.yaml': `clients:\n${client('hidden')}`,
      'auth.schema.json': '{ "type": "object" }',
      'notes.txt': 'nothing',
      'further/d.yaml': `clients:\n${client('d')}`,
    });
    expect(clientsOf()).toEqual(['a', 'b']);
    expect(read()).toMatchObject({ generation: 7, lifetimes: { accessToken: 60 } });
  });

  it('includes by glob, from the folder of the file that includes, and what is included includes more', () => {
    write({
      'main.yaml': `include: [teams/*/main.yaml, more.yaml]\nclients:\n${client('main')}`,
      'teams/b/main.yaml': `clients:\n${client('b')}`,
      'teams/a/main.yaml': `include: parts/**/*.yaml\nclients:\n${client('a')}`,
      'teams/a/parts/deep/x.yaml': `clients:\n${client('x')}`,
      'more.yaml': `clients:\n${client('more')}`,
      'not-included.yaml': `clients:\n${client('other')}`,
    });
    expect(clientsOf('main.yaml')).toEqual(['main', 'a', 'b', 'more', 'x']);
  });

  it('reads a file once, however many ways lead to it, so that a ring is none', () => {
    write({
      'a.yaml': `include: '*.yaml'\nclients:\n${client('a')}`,
      'b.yaml': `include: [a.yaml, b.yaml]\nclients:\n${client('b')}`,
    });
    symlinkSync('b.yaml', join(folder, 'c.yaml'));
    expect(clientsOf()).toEqual(['a', 'b']);
    expect(clientsOf('b.yaml')).toEqual(['b', 'a']);
  });

  it('is mounted by Kubernetes: links to a hidden folder', () => {
    write({ '..2026/a.yaml': `clients:\n${client('a')}`, '..2026/b.yaml': `clients:\n${client('b')}` });
    symlinkSync('..2026', join(folder, '..data'));
    for (const name of ['a.yaml', 'b.yaml']) symlinkSync(`..data/${name}`, join(folder, name));
    expect(clientsOf()).toEqual(['a', 'b']);
  });

  it('keeps x-… for anchors, and its own $schema, in each file', () => {
    const text = (id: string) =>
      `$schema: ./s.json\nx-service: &service { grantTypes: [client_credentials] }\nclients:\n- { <<: *service, clientId: ${id}, secret: '\${SECRET}' }\n`;
    write({ 'a.yaml': text('a'), 'b.yaml': text('b') });
    expect(clientsOf()).toEqual(['a', 'b']);
  });

  it('pages are beside the file that tells of them', () => {
    write({ 'a.yaml': 'include: look/pages.yaml', 'look/pages.yaml': 'pages: { logo: logo.png }' });
    expect(read('a.yaml').pages.logo).toBe(join(folder, 'look/logo.png'));
  });

  describe('tells all mistakes, each where it stands', () => {
    it('by the file, the line, and the place in that file', () => {
      write({
        'a.yaml': `clients:\n${client('a')}${client('b', ', defaultTarget: nowhere')}`,
        'b.yaml': `clients:\n${client('c')}${client('d', ', defaultTarget: away')}edges: [{ client: a }]\nnonsense: 1\n`,
        'c.yaml': `clients:\n- { clientId: e, secret: '\${NOT_SET}', grantTypes: [client_credentials] }\n`,
      });
      expect(mistakes().map((line) => line.replace(/; accepted: (?!a value, because).*/, ''))).toEqual([
        'NOT_SET is missing; accepted: a value, because c.yaml:2: clients[0].secret refers to it',
        'b.yaml:4: edges[0].target is missing',
        'b.yaml:4: edges[0].mode is missing',
        'b.yaml:4: edges[0].scopes is missing',
        'b.yaml:5: nonsense is 1',
      ]);
      write({ 'b.yaml': `clients:\n${client('c')}${client('d', ', defaultTarget: away')}`, 'c.yaml': 'users: []' });
      expect(mistakes()).toEqual([
        'a.yaml:3: clients[1].defaultTarget is "nowhere"; accepted: nothing is registered',
        'b.yaml:3: clients[1].defaultTarget is "away"; accepted: nothing is registered',
      ]);
    });

    it('what two files have, with both places', () => {
      const edge = (line: string) =>
        `edges:\n${line}- { id: e, client: a, subjectAudience: r, target: r, mode: delegation, scopes: {} }\n`;
      const hash = `scrypt$65536$8$2$${'A'.repeat(22)}$${'A'.repeat(43)}`;
      const shared = `resources: [{ audience: r, resource: 'https://r.example' }]\nusers: [{ username: u, passwordHash: ${hash} }]\n`;
      const grants = 'grantTypes: ["urn:ietf:params:oauth:grant-type:token-exchange"]';
      const a = `- { clientId: a, secret: '\${SECRET}', ${grants}, represents: [r] }\n`;
      write({
        'a.yaml': `${edge('')}clients:\n${a}${shared}lifetimes: {}\n`,
        'b.yaml': `${edge('# again\n')}clients:\n${a}${shared}lifetimes:\n  accessToken: 1\n`.replace(
          'users2: 1\n',
          '',
        ),
      });
      const has = (place: string) => `accepted: a value that no other entry has; a.yaml:${place} has it`;
      expect(mistakes()).toEqual([
        'b.yaml:8: lifetimes is "set again"; accepted: one place for it; a.yaml:7: lifetimes sets it',
        `b.yaml:5: clients[0].clientId is "a"; ${has('4: clients[0].clientId')}`,
        `b.yaml:6: resources[0].audience is "r"; ${has('5: resources[0].audience')}`,
        `b.yaml:6: resources[0].resource is "https://r.example/"; ${has('5: resources[0].resource')}`,
        `b.yaml:7: users[0].username is "u"; ${has('6: users[0].username')}`,
        `b.yaml:3: edges[0].id is "e"; ${has('2: edges[0].id')}`,
      ]);
    });

    it('defaults and templates of all files by their names, and what an entry makes of them with both places', () => {
      const grants = 'grantTypes: ["urn:ietf:params:oauth:grant-type:token-exchange"]';
      const edge = '- { client: a, subjectAudience: r, target: r, template: reads';
      write({
        'a.yaml': `defaults:\n  clients: { ${grants}, represents: [r] }\ntemplates:\n  edges:\n    reads: { scopes: { read: {} } }\n`,
        'b.yaml': `defaults:\n  edges:\n    mode: delegation\n    timeToLive: 60\ntemplates:\n  edges: { others: { maxDepth: 2 } }\n`,
        'c.yaml': `resources: [{ audience: r, scopes: [read] }]\nclients: [{ clientId: a, secret: '\${SECRET}' }]\nedges:\n${edge} }\n`,
      });
      expect(read().edges).toMatchObject([{ mode: 'delegation', timeToLive: 60, scopes: { read: {} } }]);
      write({
        'a.yaml': `defaults:\n  clients: { ${grants}, represents: [r] }\ntemplates:\n  edges:\n    reads: { scopes: { write: {} } }\n    others: {}\n`,
        'd.yaml': `edges:\n${edge}, timeToLive: 61 }\ndefaults: { edges: {} }\n`,
      });
      const scopes = 'edges[0].scopes (a.yaml:5: templates.edges.reads.scopes) is "write"; accepted: read';
      expect(mistakes()).toEqual([
        'd.yaml:3: defaults.edges is "set again"; accepted: one place for it; b.yaml:2: defaults.edges sets it',
        'b.yaml:6: templates.edges.others is "set again"; accepted: one place for it; a.yaml:6: templates.edges.others sets it',
        `c.yaml:4: ${scopes}`,
        `d.yaml:2: ${scopes}`,
        'd.yaml:2: edges[0].timeToLive is 61; accepted: no more than 60, by b.yaml:4: defaults.edges.timeToLive',
      ]);
    });

    it('what was merged by <<, at the line of the map that says it', () => {
      const text = `x-one: &one\n  grantTypes: [client_credentials]\n  defaultTarget: nowhere\nx-two: &two { <<: [*one] }\nclients:\n`;
      write({ 'a.yaml': `${text}- { clientId: a, secret: '\${SECRET}', <<: *two }\n` });
      expect(mistakes()).toEqual(['a.yaml:3: clients[0].defaultTarget is "nowhere"; accepted: nothing is registered']);
    });

    it.each([
      ['a number', '1', '"1"'],
      ['a truth', 'true', '"true"'],
      ['maps to merge', '<<', '<<'],
    ])('a name that looks like %s, and stands twice in different spellings', (_, first, second) => {
      const text = `edges:\n- scopes:\n    ${first}: { requires: [orders.read] }\n    ${second}: {}\n`;
      write({ 'a.yaml': text });
      expect(mistakes()).toEqual([`a.yaml:4: ${first} is "set again"; accepted: one place for it; a.yaml:3 sets it`]);
    });

    it('a name that stands twice in one file, with both lines', () => {
      write({ 'a.yaml': 'users: []\nlifetimes:\n  session: 60\n  session: 70\nusers: []\n' });
      expect(mistakes()).toEqual([
        'a.yaml:5: users is "set again"; accepted: one place for it; a.yaml:1 sets it',
        'a.yaml:4: session is "set again"; accepted: one place for it; a.yaml:3 sets it',
      ]);
    });

    it('a section that is a list in one file and none in another', () => {
      write({ 'a.yaml': 'users: []', 'b.yaml': 'users:' });
      expect(mistakes()).toEqual([
        'b.yaml:1: users is "set again"; accepted: one place for it; a.yaml:1: users sets it',
      ]);
    });

    it('broken files, all of them', () => {
      write({ 'a.yaml': 'clients: [', 'b.yaml': '- 1', 'c.yaml': '# nothing yet', 'd.yaml': 'text' });
      expect(mistakes()).toEqual(['a.yaml is "broken at line 1"; accepted: YAML or JSON']);
      write({ 'a.yaml': 'clients: []' });
      expect(mistakes()).toEqual([
        'b.yaml is "a list"; accepted: settings by their names',
        'c.yaml is "empty"; accepted: settings by their names',
        'd.yaml is "text"; accepted: settings by their names',
      ]);
    });
  });

  it.each([
    [
      'nothing by this path',
      'none.yaml',
      'main.yaml:1: include is "none.yaml"; accepted: what leads to a file, such as teams/*.yaml',
    ],
    [
      'a glob that no file fits',
      "['main.yaml', 'teams/*.yaml']",
      'main.yaml:1: include[1] is "teams/*.yaml"; accepted: what leads to a file, such as teams/*.yaml',
    ],
    ['a folder', 'parts', 'main.yaml:1: include is "parts"; accepted: what leads to a file, such as teams/*.yaml'],
    ['what is no path', '5', 'main.yaml:1: include is 5; accepted: a path such as teams/*.yaml, or a list of them'],
    [
      'a file outside',
      '../*.yaml',
      'main.yaml:1: include is "../*.yaml"; accepted: files in the folder of AUTH_SERVER_CONFIG; ../outside.yaml is outside',
    ],
    [
      'a link that leads outside',
      'parts/link.yaml',
      'main.yaml:1: include is "parts/link.yaml"; accepted: files in the folder of AUTH_SERVER_CONFIG; parts/link.yaml, a link to ../outside.yaml, is outside',
    ],
    [
      'several outside',
      'parts/*.yaml',
      'main.yaml:1: include is "parts/*.yaml"; accepted: files in the folder of AUTH_SERVER_CONFIG; parts/link.yaml, a link to ../outside.yaml, is outside, and 1 more',
    ],
    [
      'an absolute path',
      '/etc/host*',
      'main.yaml:1: include is "/etc/host*"; accepted: files in the folder of AUTH_SERVER_CONFIG; ',
    ],
  ])('includes neither less nor more than is there: %s', (_, include, message) => {
    write({
      'main.yaml': `include: ${include}\nclients: []`,
      'parts/a.yaml': 'users: []',
      '../outside.yaml': 'users: []',
    });
    for (const name of ['link', 'more']) symlinkSync('../../outside.yaml', join(folder, `parts/${name}.yaml`));
    expect(mistakes('main.yaml')).toEqual([expect.stringContaining(message)]);
  });

  it('warns of edges that only the order of files tells apart, and of no others', () => {
    const edge = (id = '') => `  - { ${id}client: a, target: b, mode: delegation, subjectAudience: a, scopes: {} }\n`;
    const grant = 'urn:ietf:params:oauth:grant-type:token-exchange';
    const shop = `resources: [{ audience: a }, { audience: b }]\nclients: [{ clientId: a, secret: s, grantTypes: ['${grant}'], represents: [a] }]\n`;
    const warnings = (second: string): string[] => {
      write({ 'a.yaml': `${shop}edges:\n${edge()}`, 'b.yaml': `edges:\n${second}` });
      const told: string[] = [];
      readServerConfig(folder, {}, { onWarning: ({ message }) => told.push(message) });
      return told;
    };
    expect(warnings(edge() + edge('id: one, '))).toEqual([
      'b.yaml:2: edges[0].id is missing; accepted: an id for each of this and a.yaml:4: edges[0].id, because they join the same, and only the order of files and entries tells them apart',
    ]);
    expect(warnings(edge('id: one, ') + edge('id: two, '))).toEqual([]);
  });

  it('reads nothing of its folder that a link fetches from outside', () => {
    write({ 'a.yaml': `clients:\n${client('a')}`, '../outside.yaml': `clients:\n${client('b')}` });
    symlinkSync('../outside.yaml', join(folder, 'b.yaml'));
    expect(mistakes()).toEqual([
      'AUTH_SERVER_CONFIG is "/config"; accepted: files in the folder of AUTH_SERVER_CONFIG; b.yaml, a link to ../outside.yaml, is outside',
    ]);
  });

  it.each([
    ['nothing', 'gone.yaml', 'ENOENT'],
    ['itself', 'b.yaml', 'ELOOP'],
  ])('does not go on without a file whose link leads to %s', (_, target, reason) => {
    write({ 'a.yaml': `clients:\n${client('a')}`, 'main.yaml': "include: '*.yaml'" });
    symlinkSync(target, join(folder, 'b.yaml'));
    const told = `is "/config/b.yaml"; accepted: a readable YAML or JSON file (${reason})`;
    expect(mistakes()).toEqual([`AUTH_SERVER_CONFIG ${told}`]);
    expect(mistakes('main.yaml')).toEqual([`main.yaml:1: include ${told}`]);
  });

  it('a folder without files is none', () => {
    write({ 'notes.txt': '' });
    expect(mistakes()).toEqual(['AUTH_SERVER_CONFIG is "/config"; accepted: a folder with *.yaml, *.yml or *.json']);
  });
});
