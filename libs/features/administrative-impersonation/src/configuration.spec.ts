import { describe, expect, it } from '@jest/globals';
import { serverConfigJsonSchema } from '@onbehalf/authorization-server';
import { TokenType } from '@onbehalf/oauth-protocol';
import { features, file, parse } from './impersonation-configuration.fixture.js';

const [first, ...others] = file.edges;
const edge = (change: object) => ({ edges: [{ ...first, ...change }, ...others] });

describe('the configuration of impersonations', () => {
  it.each<[string, object, string]>([
    [
      'edges without the section',
      { administrativeImpersonation: undefined },
      'edges[0].mode is "administrative"; accepted: this mode only with the section administrativeImpersonation',
    ],
    ['an audience of the subject', edge({ subjectAudience: 'user-service' }), 'edges[0].subjectAudience'],
    [
      'an actor',
      edge({ actor: 'client' }),
      'edges[0].actor is "client"; accepted: no actor, because mode is administrative',
    ],
    [
      'an optional reason',
      edge({ reason: 'optional' }),
      'edges[0].reason is "optional"; accepted: no reason, because mode is administrative',
    ],
    [
      'the resource of operators',
      edge({ target: 'auth-server', scopes: { 'audit.read': {} } }),
      'edges[0].target is "auth-server"',
    ],
    [
      'what this server tells a user',
      edge({ target: 'auth-server-me', scopes: { 'activity.read': {} } }),
      'edges[0].target is "auth-server-me"',
    ],
    [
      'a scope that requires another',
      edge({ scopes: { 'user.read': { requires: ['user.read'] } } }),
      'edges[0].scopes.user.read.requires',
    ],
    ['two hours', edge({ timeToLive: 7200 }), 'edges[0].timeToLive is 7200; accepted: at most 3600 seconds'],
    [
      'a scope that writes, unawares',
      edge({ scopes: { 'user.delete': {} }, administrativeImpersonation: {} }),
      'edges[0].scopes is "user.delete"; accepted: what user-service lists as administrativeImpersonation.readOnly, or the edge widens to',
    ],
    [
      'a wider scope that is none of the edge',
      edge({ administrativeImpersonation: { widens: ['user.delete'] } }),
      'edges[0].administrativeImpersonation.widens is "user.delete"',
    ],
    [
      'a role that nobody can hold',
      edge({ administrativeImpersonation: { role: 'god', widens: ['user.write'] } }),
      'edges[0].administrativeImpersonation.role is "god"',
    ],
    [
      'its member on another edge',
      { edges: [first, { ...others[2], administrativeImpersonation: {} }] },
      'edges[1].administrativeImpersonation',
    ],
    [
      'disclose on another edge',
      { edges: [{ ...others[2], disclose: false }] },
      'edges[0].disclose is false; accepted: it only with the mode administrative',
    ],
    [
      'no audience on another edge',
      { edges: [{ ...others[2], subjectAudience: undefined }] },
      'edges[0].subjectAudience is missing',
    ],
    ['an unknown setting', { administrativeImpersonation: { lifetime: 1 } }, 'administrativeImpersonation.lifetime'],
    [
      'an interval of nothing',
      { administrativeImpersonation: { pollInterval: 0 } },
      'administrativeImpersonation.pollInterval is 0; accepted: no less than 1 second',
    ],
  ])('stops the start for %s, in one line', (_name, change, message) => {
    expect(() => parse(change)).toThrow(message);
  });

  it('is told by schema and metadata', () => {
    expect(JSON.stringify(serverConfigJsonSchema(features.all))).toContain('a second person has to confirm');
    expect(features.in(parse()).metadata()).toMatchObject({
      onbehalf_impersonation_subject_token_type: TokenType.UserId,
    });
  });
});
