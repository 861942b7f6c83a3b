import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { requirement } from '@onbehalf/testing-internal';
import { ExchangeLab } from './exchange.fixture.js';
import { parseExchangeRequest } from './index.js';

let lab: ExchangeLab;
beforeAll(async () => {
  lab = await ExchangeLab.open();
});

describe('RFC 8693 §2.1: request', () => {
  it(requirement('RFC8693-2.1-grant-type', 'grant_type is REQUIRED and names the token exchange'), async () => {
    expect((await lab.refusal({ grant_type: undefined })).code).toBe('invalid_request');
    expect((await lab.refusal({ grant_type: 'client_credentials' })).code).toBe('unsupported_grant_type');
    await expect(lab.ask()).resolves.toBeDefined();
  });

  it(requirement('RFC8693-2.1-subject-token', 'subject_token is REQUIRED'), async () => {
    expect(await lab.refusal({ subject_token: undefined })).toMatchObject({
      code: 'invalid_request',
      description: 'subject_token is required',
    });
  });

  it(requirement('RFC8693-2.1-subject-token-type', 'subject_token_type is REQUIRED'), async () => {
    expect(await lab.refusal({ subject_token_type: undefined })).toMatchObject({
      code: 'invalid_request',
      description: 'subject_token_type is required',
    });
  });

  it(
    requirement('RFC8693-2.1-actor-token-type', 'actor_token_type is REQUIRED when actor_token is present'),
    async () => {
      expect(await lab.refusal({ actor_token: await lab.token() })).toMatchObject({
        code: 'invalid_request',
        description: 'actor_token_type is required',
      });
    },
  );

  it(requirement('RFC8693-2.1-actor-token-type-alone', 'actor_token_type MUST NOT be included otherwise'), async () => {
    expect(await lab.refusal({ actor_token_type: TokenType.Jwt })).toMatchObject({
      code: 'invalid_request',
      description: 'actor_token_type must not be sent without actor_token',
    });
  });

  describe(requirement('RFC8693-2.1-resource-absolute', 'the value of resource MUST be an absolute URI'), () => {
    it.each(['/api', 'messages', '//messages.example/api', 'https:', 'https://', 'https://a b', ''])(
      'refuses %j',
      async (resource) => {
        expect((await lab.refusal({ audience: undefined, resource })).code).toBe('invalid_target');
      },
    );

    it('takes one with a query component', async () => {
      const form = await lab.form({ audience: undefined, resource: 'https://messages.example/api?tenant=1' });
      expect(parseExchangeRequest(form).resources).toEqual(['https://messages.example/api?tenant=1']);
    });
  });

  it(requirement('RFC8693-2.1-resource-fragment', 'resource MUST NOT include a fragment component'), async () => {
    for (const resource of ['https://messages.example/api#', 'https://messages.example/api#x']) {
      expect((await lab.refusal({ audience: undefined, resource })).code).toBe('invalid_target');
    }
  });

  it.each(['HTTPS://Messages.example/api', 'https://messages.example:443/api'])(
    'RFC 3986 §6.2.3: takes %s for the same target',
    async (resource) => {
      expect((await lab.claims({ audience: undefined, resource })).aud).toBe('message-service');
    },
  );

  it('takes a target by logical name or by URI, and both for the same resource', async () => {
    const resource = 'https://messages.example/api';
    for (const target of [
      { audience: undefined, resource },
      { resource },
      { audience: ['message-service', 'message-service'] },
    ]) {
      expect((await lab.claims(target)).aud).toBe('message-service');
    }
  });

  it('takes a logical name that is itself a URI by either parameter', async () => {
    const api = 'https://api.example';
    const edge = { client: 'user-service', subjectAudience: 'user-service', target: api, mode: 'delegation' as const };
    const resources = [{ audience: api, scopes: ['message.read'] }];
    const open = await ExchangeLab.open({}, { resources, edges: [{ ...edge, scopes: { 'message.read': {} } }] });
    for (const target of [
      { audience: api },
      { audience: undefined, resource: api },
      { audience: api, resource: api },
    ]) {
      expect((await open.claims(target)).aud).toBe(api);
    }
  });

  it('goes to the default target of the client when the request names none', async () => {
    expect((await lab.claims({ audience: undefined }, 'default-service')).aud).toBe('message-service');
  });

  it('treats empty parameters as omitted and ignores unknown ones (RFC 6749 §3.2)', async () => {
    const form = await lab.form({
      resource: '',
      scope: '',
      actor_token: '',
      requested_token_type: '',
      reason: '',
      colour: 'red',
    });
    const request = parseExchangeRequest(form);
    expect(request).not.toHaveProperty('actor');
    expect(request).not.toHaveProperty('scopes');
    expect(request).not.toHaveProperty('reason');
    expect(request).toMatchObject({ resources: [], requestedType: TokenType.AccessToken });
  });

  it('treats a scope of blanks as omitted', async () => {
    expect(parseExchangeRequest(await lab.form({ scope: '  ' }))).not.toHaveProperty('scopes');
  });

  it.each([
    'grant_type',
    'subject_token',
    'subject_token_type',
    'actor_token',
    'actor_token_type',
    'requested_token_type',
    'scope',
    'reason',
  ])('refuses a repeated %s (RFC 6749 §3.2)', async (name) => {
    const form = await lab.form();
    form.append(name, 'a');
    form.append(name, 'a');
    expect(() => parseExchangeRequest(form)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it.each(['line\nbreak', '\u202ereversed', 'x'.repeat(501)])('refuses %j as a reason', async (reason) => {
    expect((await lab.refusal({ reason })).code).toBe('invalid_request');
  });
});

describe('RFC 8693 §2.1.1: resource, audience and scope', () => {
  it('grants every scope at every target, in one token, where the edges allow it', async () => {
    const claims = await lab.claims({
      audience: 'archive',
      resource: 'https://mail.example/inbox',
      scope: 'mail.read',
    });
    expect(claims).toMatchObject({ aud: ['archive', 'inbox'], scope: 'mail.read' });
  });

  it('grants what means something at every target when no scope is asked for', async () => {
    expect(await lab.claims({ audience: ['inbox', 'archive'], scope: undefined })).toMatchObject({
      scope: 'mail.read',
    });
  });

  it('may answer invalid_target to a request for too many targets', async () => {
    expect((await lab.refusal({ audience: ['message-service', 'inbox'] })).code).toBe('invalid_target');
  });
});

describe('RFC 8707 §2: resource indicators', () => {
  it(requirement('RFC8707-2-absolute', 'the value of resource MUST be an absolute URI'), async () => {
    expect((await lab.refusal({ resource: 'messages.example' })).code).toBe('invalid_target');
  });

  it(requirement('RFC8707-2-fragment', 'the URI MUST NOT include a fragment component'), async () => {
    expect((await lab.refusal({ resource: 'https://messages.example/api#read' })).code).toBe('invalid_target');
  });

  it(
    requirement(
      'RFC8707-2-audience-restriction',
      'the authorization server SHOULD audience-restrict the token to the resource',
    ),
    async () => {
      const claims = await lab.claims({ audience: undefined, resource: 'https://messages.example/api' });
      expect(claims.aud).toBe('message-service');
    },
  );

  describe(
    requirement('RFC8707-2-invalid-target', 'an unacceptable resource SHOULD be answered with invalid_target'),
    () => {
      it.each([
        'https://messages.example/',
        'https://messages.example/api/',
        'https://MESSAGES.example/API',
        'https://messages.example:8443/api',
        'urn:x',
        'https://other.example',
      ])('refuses %s', async (resource) => {
        expect((await lab.refusal({ audience: undefined, resource })).code).toBe('invalid_target');
      });
    },
  );
});
