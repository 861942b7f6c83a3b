import type { ProviderSettings } from '../token-vault.schema.js';
import { github } from './presets/github.preset.js';
import { google } from './presets/google.preset.js';
import { microsoft } from './presets/microsoft.preset.js';
import { slack } from './presets/slack.preset.js';
import type { ProviderProfile } from './provider-profile.js';
import type { Provider } from './provider.js';

/** What is not told of a provider is as the specifications have it. */
const STANDARD: ProviderProfile = {
  authentication: 'client_secret_basic',
  identityScopes: [],
  authorizationParameters: {},
  pkce: true,
  rotates: true,
  narrows: true,
};

/** A provider as the configuration describes it; what it says itself comes before what its preset says. */
export function toProvider(settings: ProviderSettings): Provider {
  const { name, title = name, clientId, clientSecret, allowInsecureHttp } = settings;
  return { name, title, clientId, clientSecret, allowInsecureHttp, profile: profileOf(settings) };
}

function profileOf(settings: ProviderSettings): ProviderProfile {
  const preset = presetOf(settings) ?? STANDARD;
  const { issuer, endpoints, authentication, identityScopes, authorizationParameters } = settings;
  const { rotates, narrows, userinfo } = settings;
  const openId = issuer === undefined ? [] : ['openid'];
  return {
    ...preset,
    ...(issuer !== undefined && { issuer }),
    ...(endpoints && { endpoints: { ...preset.endpoints, ...endpoints } }),
    ...(authentication && { authentication }),
    identityScopes: identityScopes ?? (preset === STANDARD ? openId : preset.identityScopes),
    authorizationParameters: { ...preset.authorizationParameters, ...authorizationParameters },
    ...(rotates !== undefined && { rotates }),
    ...(narrows !== undefined && { narrows }),
    ...(userinfo && { userinfo }),
  };
}

function presetOf({ preset, tenant }: ProviderSettings): ProviderProfile | undefined {
  if (preset === undefined) return undefined;
  return { google, github, slack, microsoft: microsoft(tenant ?? '') }[preset];
}
