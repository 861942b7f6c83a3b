import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const TEST = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const SCENARIO = 'auth/enterprise-managed-authorization';
const client = fileURLToPath(new URL('enterprise-managed-client.ts', import.meta.url));

// fetches the test from the registry: `npm run soak -- enterprise-managed`
const when = process.env['SOAK_MCP'] === '1' ? describe : describe.skip;

when(`MCP's Enterprise-Managed Authorization, by ${TEST}`, () => {
  it('our client passes: the ID token for an ID-JAG with its resource, that for an access token, and the call', () => {
    const command = `"${process.execPath}" "${client}"`;
    const test = ['exec', '--yes', `--package=${TEST}`, '--', 'conformance', 'client'];
    const { status, stderr: report } = spawnSync('npm', [...test, '--command', command, '--scenario', SCENARIO], {
      encoding: 'utf8',
    });
    for (const check of ['complete-flow-token-exchange', 'complete-flow-jwt-bearer', 'valid-bearer-token'])
      expect(report).toMatch(new RegExp(`${check}\\s*\\].*SUCCESS`));
    expect(report).toMatch(/0 failed/);
    expect(status).toBe(0);
  }, 180_000);
});
