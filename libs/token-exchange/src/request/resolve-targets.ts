import { normalizeUri, OAuthError } from '@onbehalf/oauth-protocol';
import type { ClientRegistration, ExchangePolicy, ResourceRegistration } from '../policy/policy.js';
import type { ExchangeRequest } from './exchange-request.js';

/**
 * The registered resources that a request asks for, each once. A logical name and a URI may name the same resource.
 * RFC 8693 §2.1 (`resource`, `audience`), RFC 8707 §2.
 * @throws OAuthError `invalid_target` when one is unknown, or none is named and the client has no default
 */
export function resolveTargets(
  { audiences, resources }: Pick<ExchangeRequest, 'audiences' | 'resources'>,
  { defaultTarget }: ClientRegistration,
  policy: ExchangePolicy,
): readonly ResourceRegistration[] {
  const named = [
    ...audiences.map((name) => resolve(policy, name, ({ audience }) => audience === name)),
    // a logical name may itself be a URI
    ...resources.map((uri) =>
      resolve(policy, uri, (resource) => resource.audience === uri || isNamedBy(uri, resource)),
    ),
  ];
  if (named.length > 0) return [...new Map(named.map((resource) => [resource.audience, resource])).values()];
  // RFC 8707 §2: invalid_target also where the resource is missing
  if (defaultTarget === undefined) throw new OAuthError('invalid_target', 'audience or resource is required');
  return [resolve(policy, defaultTarget, ({ audience }) => audience === defaultTarget)];
}

function isNamedBy(uri: string, { resource }: ResourceRegistration): boolean {
  return resource !== undefined && normalizeUri(resource) === normalizeUri(uri);
}

function resolve(
  policy: ExchangePolicy,
  value: string,
  isNamed: (resource: ResourceRegistration) => boolean,
): ResourceRegistration {
  const resource = policy.resource(value);
  if (resource && isNamed(resource)) return resource;
  throw new OAuthError('invalid_target', 'The requested target is unknown');
}
