import { TokenType } from '@onbehalf/oauth-protocol';
import { actorToken, subjectToken, type ExchangeCase, type FormMutation } from './exchange-case.js';

const refused = (
  row: number,
  name: string,
  mutation: FormMutation,
  error: Extract<ExchangeCase['expected'], { error: unknown }>['error'] = 'invalid_request',
): ExchangeCase => ({ row, name, send: () => mutation, expected: { error } });

/** Requests that are refused for their form. RFC 6749 §3.2, RFC 8693 §2.1, RFC 8707 §2. */
export const requestCases: readonly ExchangeCase[] = [
  refused(1, 'no grant_type', { grant_type: undefined }),
  refused(2, 'unknown grant', { grant_type: 'token-exchange' }, 'unsupported_grant_type'),
  refused(3, 'no subject_token', { subject_token: undefined }),
  refused(4, 'no subject_token_type', { subject_token_type: undefined }),
  refused(5, 'empty subject_token', { subject_token: '' }),
  {
    row: 6,
    name: 'repeated subject_token',
    send: async (world) => ({ subject_token: [await subjectToken(world), await subjectToken(world)] }),
    expected: { error: 'invalid_request' },
  },
  refused(6, 'repeated scope', { scope: ['message.read', 'message.read'] }),
  {
    row: 7,
    name: 'actor_token without its type',
    send: async (world) => ({ actor_token: await actorToken(world) }),
    expected: { error: 'invalid_request' },
  },
  refused(8, 'actor_token_type alone', { actor_token_type: TokenType.AccessToken }),
  refused(9, 'SAML as subject type, which nobody verifies', { subject_token_type: TokenType.Saml1 }),
  refused(9, 'refresh token as subject type', { subject_token_type: TokenType.RefreshToken }),
  refused(9, 'a subject type that does not exist', { subject_token_type: 'urn:example:toString' }),
  refused(10, 'requested type that does not exist', { requested_token_type: 'urn:example:constructor' }),
  {
    row: 11,
    name: 'unsupported actor type',
    send: async (world) => ({ actor_token: await actorToken(world), actor_token_type: TokenType.Saml2 }),
    expected: { error: 'invalid_request' },
  },
  refused(33, 'relative resource', { audience: undefined, resource: '/api' }, 'invalid_target'),
  refused(
    34,
    'resource with a fragment',
    { audience: undefined, resource: 'https://messages.example/api#x' },
    'invalid_target',
  ),
  refused(35, 'unknown audience', { audience: 'nobody' }, 'invalid_target'),
  refused(
    35,
    'unknown resource',
    { audience: undefined, resource: 'https://messages.example/other' },
    'invalid_target',
  ),
  refused(35, 'a registered target that no edge leads to', { audience: 'unreachable' }, 'invalid_target'),
  refused(35, 'a logical name as resource', { audience: undefined, resource: 'urn:message-service' }, 'invalid_target'),
  refused(35, 'a URI as audience', { audience: 'https://messages.example/api' }, 'invalid_target'),
  refused(35, 'no target and no default', { audience: undefined }, 'invalid_target'),
  refused(36, 'targets that may not share a token', { audience: ['message-service', 'inbox'] }, 'invalid_target'),
  refused(
    36,
    'more targets than a request may name',
    { audience: Array.from({ length: 9 }, (_, index) => `service-${index}`) },
    'invalid_target',
  ),
  refused(
    37,
    'resource and audience of different services',
    { audience: 'message-service', resource: 'https://mail.example/inbox' },
    'invalid_target',
  ),
  refused(38, 'scope beyond the edge', { scope: 'message.read message.write' }, 'invalid_scope'),
  refused(39, 'scope that means nothing at the target', { scope: 'user.read' }, 'invalid_scope'),
  refused(
    39,
    'scope that means something at one of two targets only',
    { audience: ['inbox', 'archive'], scope: 'mail.read inbox.sort' },
    'invalid_scope',
  ),
  refused(40, 'scope with characters that are not allowed', { scope: 'message.read "x"' }, 'invalid_scope'),
  refused(53, 'refresh token as requested type', { requested_token_type: TokenType.RefreshToken }),
  refused(54, 'offline_access', { scope: 'message.read offline_access' }, 'invalid_scope'),
];
