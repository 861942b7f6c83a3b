import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { TokenExchangeModule } from '../token-exchange.module.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import type { Across } from './across.js';

const clientSecret = randomUUID();
const clientAuthentication = { method: 'client_secret_basic', clientId: 'app', clientSecret } as const;
const across: Across = {
  kind: 'id-jag',
  audience: 'https://partner.example',
  resource: 'https://orders.partner.example',
  scope: 'order.read',
  clientAuthentication,
};
const definition = { name: 'orders', baseUrl: 'https://orders.partner.example', across };
const service = new TokenExchangeService({ issuer: 'https://home.example', clientAuthentication });

function mistake(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.message).not.toContain('\n');
    expect(error.message).not.toContain(clientSecret);
    return error.message;
  }
  return 'accepted';
}

describe('across: one line that names the setting, what was given and what is accepted', () => {
  it.each<[string, object, RegExp]>([
    ['no kind', { kind: undefined }, /\[orders\]\.across\.kind is missing; accepted: id-jag or chaining/],
    ['another kind', { kind: 'saml' }, /kind is "saml"; accepted: id-jag or chaining/],
    ['a kind of every object', { kind: 'constructor' }, /kind is "constructor"/],
    ['no server', { audience: undefined }, /across\.audience is missing; accepted: the issuer identifier/],
    [
      'a server that is no address',
      { audience: 'partner' },
      /across\.audience is "partner"; accepted: an http or https/,
    ],
    ['a server in the clear', { audience: 'http://partner.example' }, /across\.audience is .*allowInsecureHttp/],
    ['an endpoint in the clear', { tokenEndpoint: 'http://partner.example/t' }, /tokenEndpoint is .*allowInsecureHttp/],
    ['no resource', { resource: undefined }, /across\.resource is missing; accepted: the service, as the other domain/],
    ['an empty list of resources', { resource: [] }, /across\.resource is \[\]/],
    [
      'a resource that is none',
      { resource: 'order-service' },
      /across\.resource is "order-service"; accepted: an absolute/,
    ],
    ['one such among others', { resource: [across.resource, 'x'] }, /across\.resource is "x"/],
    ['an empty scope', { scope: ' ' }, /across\.scope is " "/],
    ['no authentication', { clientAuthentication: undefined }, /across\.clientAuthentication\.method is missing/],
    [
      'no secret',
      { clientAuthentication: { ...clientAuthentication, clientSecret: '' } },
      /across\.clientAuthentication\.clientSecret/,
    ],
    [
      'a public client',
      { clientAuthentication: { method: 'none', clientId: 'app' } },
      /clientAuthentication is "none"/,
    ],
    ['a mistyped member', { audiense: 'x' }, /across\.audiense is "not an option"; accepted: kind, audience/],
  ])('%s', (_case, change, message) => {
    const definitions = [{ ...definition, across: { ...across, ...change } }];
    expect(mistake(() => service.downstream(definitions[0]!))).toMatch(message);
  });

  it.each<[string, object, RegExp]>([
    // an environment variable that is not set must not send the tokens of this domain there
    ['nothing', { across: undefined }, /\[orders\]\.across is missing; accepted: a value; leave the option out/],
    ['null', { across: null }, /\[orders\]\.across is null; accepted: an object of kind/],
    ['a word', { across: 'id-jag' }, /\[orders\]\.across is "id-jag"; accepted: an object of kind/],
    ...['audience', 'resource', 'scope', 'requestedTokenType', 'parameters'].map((member): [string, object, RegExp] => [
      `${member} beside it`,
      { [member]: 'service' },
      new RegExp(`\\[orders\\]\\.${member} is "given"; accepted: nothing beside across`),
    ]),
  ])('%s in its place', (_case, change, message) => {
    expect(mistake(() => TokenExchangeModule.forFeature([{ ...definition, ...change }]))).toMatch(message);
  });

  it('the own server is no other domain', () => {
    for (const audience of ['https://home.example', 'https://home.example/']) {
      const own = { ...definition, across: { ...across, audience } };
      expect(mistake(() => service.downstream(own))).toMatch(/across\.audience is .* not of the own one/);
    }
  });

  it('what is right is accepted, and chaining without a resource, too', () => {
    expect(mistake(() => TokenExchangeModule.forFeature([definition]))).toBe('accepted');
    const chaining = { ...definition, across: { ...across, kind: 'chaining', resource: undefined } } as const;
    expect(mistake(() => service.downstream(chaining))).toBe('accepted');
  });
});
