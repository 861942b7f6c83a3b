import { isLoopbackUrl } from '@onbehalf/oauth-protocol';
import * as oauth from 'oauth4webapi';
import { ProviderUnavailable } from './provider-errors.js';
import { askProvider } from './provider-http.js';
import type { Provider } from './provider.js';

/** Seconds that the metadata of a provider is used before it is read again. */
const METADATA_AGE = 3600;

/** What is known of a provider's authorization server: given, or found by its issuer. RFC 8414, OpenID Connect Discovery */
export class ProviderServer {
  readonly #provider: Provider;
  #found: { readonly server: oauth.AuthorizationServer; readonly at: number } | undefined;
  #finding: Promise<oauth.AuthorizationServer> | undefined;

  constructor(provider: Provider) {
    this.#provider = provider;
  }

  /** @throws ProviderUnavailable when it cannot be found out */
  async metadata(): Promise<oauth.AuthorizationServer> {
    const { issuer, endpoints } = this.#provider.profile;
    if (endpoints) {
      return {
        // no other name is known of it: an answer that says another is not from there
        issuer: issuer ?? new URL(endpoints.token).origin,
        authorization_endpoint: endpoints.authorization,
        token_endpoint: endpoints.token,
        ...(endpoints.revocation !== undefined && { revocation_endpoint: endpoints.revocation }),
        ...(endpoints.userinfo !== undefined && { userinfo_endpoint: endpoints.userinfo }),
      };
    }
    if (this.#found && performance.now() / 1000 - this.#found.at < METADATA_AGE) return this.#found.server;
    this.#finding ??= this.#discover(new URL(issuer!)).finally(() => (this.#finding = undefined));
    return this.#finding;
  }

  async #discover(issuer: URL): Promise<oauth.AuthorizationServer> {
    const { name } = this.#provider;
    const options = {
      [oauth.allowInsecureRequests]: this.#provider.allowInsecureHttp || isLoopbackUrl(issuer.href),
      [oauth.customFetch]: async (url: string, init: { method: string; headers: Record<string, string> }) =>
        toResponse(await askProvider(name, url, { method: init.method, headers: init.headers })),
    };
    try {
      const response = await oauth.discoveryRequest(issuer, options);
      const server = await oauth.processDiscoveryResponse(issuer, response);
      this.#checkEndpoints(issuer, server);
      this.#found = { server, at: performance.now() / 1000 };
      return server;
    } catch (error) {
      if (error instanceof ProviderUnavailable) throw error;
      throw new ProviderUnavailable(name, 'its metadata cannot be used', { cause: error });
    }
  }

  // a browser and secrets are sent there
  #checkEndpoints(issuer: URL, server: oauth.AuthorizationServer): void {
    for (const name of ['authorization_endpoint', 'token_endpoint', 'revocation_endpoint'] as const) {
      const url = server[name];
      if (url === undefined && name === 'revocation_endpoint') continue;
      const isPlain = isLoopbackUrl(issuer.href) && /^http:/i.test(url ?? '') && isLoopbackUrl(url!);
      if (isPlain || (/^https:/i.test(url ?? '') && URL.canParse(url!))) continue;
      throw new ProviderUnavailable(this.#provider.name, `its ${name} cannot be used`);
    }
  }
}

/** An answer as oauth4webapi reads it. */
export function toResponse({ status, body }: { readonly status: number; readonly body: object }): Response {
  return Response.json(body, { status });
}
