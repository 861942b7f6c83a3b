import type { ServerConfig } from '@onbehalf/authorization-server';
import { ConfigurationError, isLoopbackUrl, TokenType } from '@onbehalf/oauth-protocol';
import { SECTION, type ProviderSettings, type TokenVaultSettings } from './token-vault.schema.js';

/**
 * Makes sure that providers and resources of the kind third_party are the same, that edges to them hand out their tokens and nothing
 * else, and that each provider can be asked.
 * @throws ConfigurationError
 */
export function checkTokenVault({ providers }: TokenVaultSettings, config: ServerConfig, section: string): void {
  const names = providers.map(({ name }) => name);
  providers.forEach((provider, index) => {
    const path = `${section}.providers[${index}]`;
    if (names.indexOf(provider.name) !== index) {
      throw new ConfigurationError(`${path}.name`, provider.name, 'a name that no other provider has');
    }
    checkResource(provider, config, path);
    checkProvider(provider, path);
  });
  const file = section.slice(0, -SECTION.length);
  config.resources.forEach(({ audience, kind }, index) => {
    if (kind !== 'third_party' || names.includes(audience)) return;
    throw new ConfigurationError(`${file}resources[${index}].audience`, audience, `a provider of ${SECTION}`);
  });
  checkEdges(config, names, file);
}

function checkResource({ name }: ProviderSettings, { resources }: ServerConfig, path: string): void {
  const resource = resources.find(({ audience }) => audience === name);
  if (resource?.kind !== 'third_party') {
    throw new ConfigurationError(`${path}.name`, name, 'the audience of a resource of the kind third_party');
  }
  if (resource.scopes.length > 0) return;
  throw new ConfigurationError(`${path}.name`, name, 'a resource with at least one scope: nothing else can be linked');
}

function checkProvider(provider: ProviderSettings, path: string): void {
  const refuse = (member: string, value: unknown, accepted: string): never => {
    throw new ConfigurationError(`${path}.${member}`, value, accepted);
  };
  const { preset, tenant, issuer, endpoints, clientSecret, authentication, userinfo, allowInsecureHttp } = provider;
  if ((preset === 'microsoft') !== (tenant !== undefined)) {
    refuse('tenant', tenant, preset === 'microsoft' ? 'the id of a tenant' : 'none, because preset is not microsoft');
  }
  if (preset === undefined && issuer === undefined && endpoints === undefined) {
    refuse('issuer', undefined, 'an issuer, or endpoints, or a preset');
  }
  const isOpenId = issuer !== undefined || preset === 'google' || preset === 'microsoft';
  const tells = isOpenId || preset !== undefined || (endpoints?.userinfo !== undefined && userinfo !== undefined);
  if (!tells)
    refuse('userinfo', userinfo, 'the members of an endpoints.userinfo, because no issuer tells whose account it is');
  const isPublic = authentication === 'none';
  if (isPublic === (clientSecret !== undefined)) {
    const accepted = isPublic ? 'no secret, because authentication is none' : 'a secret';
    refuse('clientSecret', clientSecret && '(hidden)', accepted);
  }
  const urls = Object.entries({ issuer, ...endpoints });
  for (const [name, url] of urls) {
    if (url === undefined || /^https:/i.test(url) || isLoopbackUrl(url) || allowInsecureHttp) continue;
    refuse(name === 'issuer' ? name : `endpoints.${name}`, url, 'https, or an address of this machine');
  }
}

function checkEdges({ edges }: ServerConfig, names: readonly string[], file: string): void {
  edges.forEach((edge, index) => {
    const { target, issues = [] } = edge;
    const path = `${file}edges[${index}]`;
    const isHandedOut = issues.length === 1 && issues[0] === TokenType.ConnectedAccount;
    if (names.includes(target)) {
      if (!isHandedOut) throw new ConfigurationError(`${path}.issues`, issues, `${TokenType.ConnectedAccount} alone`);
    } else if (issues.includes(TokenType.ConnectedAccount)) {
      throw new ConfigurationError(`${path}.target`, target, `a provider of ${SECTION}, to issue its tokens`);
    } else if ((edge as Record<string, unknown>)[SECTION] !== undefined) {
      throw new ConfigurationError(`${path}.${SECTION}`, '(given)', 'it only of an edge to a provider');
    }
  });
}
