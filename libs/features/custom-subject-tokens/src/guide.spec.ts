import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { compareReadme } from '@onbehalf/testing-internal';
import { parse } from 'yaml';
// #region features
import { FeatureSet } from '@onbehalf/authorization-server';
import { customSubjectTokens } from '@onbehalf/feature-custom-subject-tokens';

const features = new FeatureSet([customSubjectTokens]);
// #endregion

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const guide = read('../../../../docs/guides/custom-token-exchange.md');

describe('the guide to custom token exchange', () => {
  it.each([
    'sessions.fixture.ts',
    'legacy-session.profile.fixture.ts',
    'profiles.module.fixture.ts',
    'legacy-session.profile.spec.ts',
  ])('quotes %s as it is', (name) => {
    const source = read(`example/${name}`);
    const region = /\/\/ #region \w+\n([^]*?)\/\/ #endregion/.exec(source)?.[1] ?? source;
    expect(guide).toContain(region.replaceAll('.fixture', '').trim());
  });

  it('has a configuration that the server starts with', () => {
    const [, section = ''] = /```yaml\n([^]*?)```/.exec(guide)!;
    const file = {
      resources: [
        { audience: 'legacy', scopes: ['legacy.read'] },
        { audience: 'message-service', scopes: ['message.read'] },
      ],
      clients: [
        {
          clientId: 'legacy-service',
          authentication: 'client_secret_basic',
          secret: randomUUID(),
          grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
          represents: ['legacy'],
        },
      ],
      ...(parse(section) as object),
    };
    const config = parseServerConfig(file, {}, { sections: features.all });
    expect(config.edges).toHaveLength(1);
    expect(features.in(config).each).toHaveLength(1);
  });
});

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});
