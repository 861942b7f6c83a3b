import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { DEFAULT_PORTS, System } from '../../tools/system.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The commands of a flow of the README, with the ports that this system has. */
function commands(flow: string, system: System): string {
  const block = new RegExp(`<!-- flow:${flow} -->\\s*\`\`\`bash\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (block === undefined) throw new Error(`README.md has lost its flow ${flow}`);
  return Object.entries(DEFAULT_PORTS).reduce(
    (text, [app, port]) =>
      text.replaceAll(`localhost:${port}`, `localhost:${system.ports[app as keyof typeof DEFAULT_PORTS]}`),
    block,
  );
}

describe('by hand, with curl, as the README says', () => {
  let system: System;
  let refused: string;
  let accepted: string;
  let tokenA: string;
  let tokenB: string;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server', 'user-service', 'message-service');
    const script = `set -euo pipefail\n${commands('curl', system)}\nprintf '\\n%s\\n%s\\n' "$A" "$B"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script]);
    [refused = '', accepted = ''] = stdout.split(/(?=HTTP\/1\.1 )/);
    [tokenA = '', tokenB = ''] = stdout.trim().split('\n').slice(-2);
  }, 60_000);

  afterAll(() => system.down());

  it('message-service refuses the token for user-service', () => {
    expect(refused).toMatch(/^HTTP\/1\.1 401 /);
    const description = "Invalid audience claim. Expected 'message-service', got 'user-service'";
    expect(refused).toContain(`WWW-Authenticate: Bearer error="invalid_token", error_description="${description}"`);
    expect(refused).toContain(JSON.stringify({ error: 'invalid_token', error_description: description }));
  });

  it('message-service accepts the exchanged token', () => {
    expect(accepted).toMatch(/^HTTP\/1\.1 200 /);
    expect(accepted).toContain('"message":');
  });

  it('RFC 6749 §2.3.1: with the credentials in the body, and a service that exchanges by itself', async () => {
    const script = `set -euo pipefail\n${commands('curl-post', system)}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 /);
    const { hops } = JSON.parse(stdout.slice(stdout.indexOf('\r\n\r\n'))) as { hops: { claims: object }[] };
    expect(hops[1]?.claims).toMatchObject({ sub: 'terminal', aud: 'message-service', act: { sub: 'user-service' } });
  });

  it('an exchange of a client-credentials token keeps its subject, the client', () => {
    expect(decodeJwt(tokenA)).toMatchObject({ sub: 'user-service', aud: 'user-service', scope: 'user.read' });
    expect(decodeJwt(tokenB)).toMatchObject({
      sub: 'user-service',
      aud: 'message-service',
      scope: 'message.read',
      act: { sub: 'user-service' },
    });
  });
});
