import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { explainReach } from './explain-reach.js';

const WAY = 'user-service (user-service) → message-service: as the subject, acting: user-service; scopes: message.read';

describe('onbehalf-explain', () => {
  const demo = (...args: string[]) => explainReach([...args, '--config', 'auth-server'], {});

  it('tells who can reach an audience, as whom, with which scopes', () => {
    expect(demo('message-service')).toMatchObject({ exitCode: 0, output: expect.stringContaining(WAY) });
  });

  it('tells it as JSON', () => {
    const { output } = demo('message-service', '--json');
    expect(JSON.parse(output!)).toContainEqual({
      hops: [
        { client: 'user-service', subjectAudience: 'user-service', target: 'message-service', mode: 'delegation' },
      ],
      actors: ['user-service'],
      scopes: ['message.read'],
    });
  });

  it('tells the clients that need no exchange', () => {
    const { output } = demo('auth-server');
    expect(output?.split('\n')).toEqual([
      'operator → auth-server: as itself; scopes: exchange.explain audit.read registrations.read registrations.write impersonation.read impersonation.stop agents.read agents.stop',
      'prometheus → auth-server: as itself; scopes: metrics.read',
      'lab-observer → auth-server: as itself; scopes: audit.read',
      'lab-administrator → auth-server: as itself; scopes: registrations.read registrations.write',
      'lab-operator → auth-server: as itself; scopes: agents.read agents.stop',
      'lab-support → auth-server: as the user who signs in; scopes: impersonate',
    ]);
    expect(demo('user-service').output).toContain(
      'client-app → user-service: as the user who signs in; scopes: user.read\n' +
        'user-service → user-service: as itself; scopes: user.read\n',
    );
    expect(demo('auth-server', '--only', 'operator')).toMatchObject({
      exitCode: 1,
      errors:
        'prometheus, lab-observer, lab-administrator, lab-operator, lab-support can reach auth-server, and --only does not name it',
    });
  });

  it('says when nobody can', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'explain-')), 'policy.yaml');
    writeFileSync(file, 'resources: [{ audience: a, scopes: [read] }]\n');
    expect(explainReach(['a', '--config', file], {})).toEqual({ exitCode: 0, output: 'nobody reaches a' });
    expect(explainReach(['a', '--config', file, '--json'], {})).toEqual({ exitCode: 0, output: '[]' });
  });

  it('reads a folder, and what is included there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'explain-'));
    mkdirSync(join(folder, 'teams'));
    writeFileSync(join(folder, 'main.yaml'), 'include: teams/*.yaml\nresources: [{ audience: a, scopes: [read] }]\n');
    const client = `{ clientId: shop, secret: '\${SHOP}', grantTypes: [client_credentials], scopes: [read], defaultResource: a }`;
    writeFileSync(join(folder, 'teams/shop.yaml'), `clients: [${client}]\n`);
    const output = 'shop → a: as itself; scopes: read';
    expect(explainReach(['a', '--config', folder], { SHOP: randomUUID() })).toEqual({ exitCode: 0, output });
  });

  it('tells all mistakes of the configuration, a line each', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'explain-')), 'policy.yaml');
    writeFileSync(file, 'lifetimes: { session: long }\nusers: 1\n');
    const { errors, exitCode } = explainReach(['a', '--config', file], {});
    expect([exitCode, errors?.split('\n').map((line) => line.split(' is ')[0])]).toEqual([
      2,
      ['policy.yaml:2: users', 'policy.yaml:1: lifetimes.session'],
    ]);
  });

  it('--only fails for a client that is not named, and shows the routes all the same', () => {
    const ofLab = ['1', '2', '3', '4', '5', '6', 'desk', 'legacy', 'gateway', 'support', 'agent'];
    const others = ['assistant', ...ofLab.map((name) => `lab-${name}`)];
    const only = (...clients: string[]) => demo('message-service', ...clients.flatMap((client) => ['--only', client]));
    expect(only('batch', 'user-service', ...others).exitCode).toBe(0);
    expect(only('batch', ...others)).toMatchObject({
      exitCode: 1,
      output: expect.stringContaining(WAY),
      errors: 'user-service can reach message-service, and --only does not name it',
    });
  });

  it('--help tells how', () => {
    expect(explainReach(['--help'], {})).toMatchObject({ exitCode: 0, output: expect.stringContaining('--only') });
  });

  it('finds the file by AUTH_SERVER_CONFIG, and takes secrets of the file from the environment', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'explain-')), 'policy.yaml');
    writeFileSync(
      file,
      'resources: [{ audience: a }]\nclients: [{ clientId: c, secret: "${SECRET}", grantTypes: [client_credentials] }]\n',
    );
    const variables = { AUTH_SERVER_CONFIG: file };
    expect(explainReach(['a'], { ...variables, SECRET: 'x' })).toEqual({ exitCode: 0, output: 'nobody reaches a' });
    expect(explainReach(['a'], variables)).toEqual({
      exitCode: 2,
      errors: expect.stringMatching(/^SECRET is missing/),
    });
  });

  it.each<[string, string[], RegExp]>([
    ['no audience', [], /^<audience> is missing; accepted: one audience; see --help$/],
    ['two audiences', ['a', 'b'], /^<audience> is "a b"; accepted: one audience/],
    ['an audience that is not registered', ['nowhere'], /accepted: user-service, message-service, .*auth-server/],
    ['an unknown option', ['a', '--format=yaml'], /--format/],
    ['a file that is not there', ['a', '--config', './no.yaml'], /readable YAML or JSON file \(ENOENT\)$/],
  ])('answers %s with one line and exit code 2', (_, args, line) => {
    const { exitCode, errors, output } = explainReach(args, {});
    expect({ exitCode, output, lines: errors?.split('\n').length }).toEqual({
      exitCode: 2,
      output: undefined,
      lines: 1,
    });
    expect(errors).toMatch(line);
  });
});
