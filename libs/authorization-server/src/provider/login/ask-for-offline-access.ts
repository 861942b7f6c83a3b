import type { default as Provider } from 'oidc-provider';

/**
 * Has the provider keep `offline_access` where a client does not say `prompt=consent` with it, however the request came: without it
 * the scope would count for nothing, and nobody would be told. Whether the user is asked, the consent prompt decides. With
 * `prompt=none` nobody can be, and the scope is ignored. OpenID Connect Core §11
 */
export function askForOfflineAccess(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'prompts', {
    get(this: { readonly params?: Readonly<Record<string, unknown>> }): Set<string> {
      const { prompt, scope } = this.params ?? {};
      const prompts = new Set(wordsOf(prompt));
      if (wordsOf(scope).includes('offline_access') && !prompts.has('none')) prompts.add('consent');
      return prompts;
    },
  });
}

/** The values of a parameter that are separated by spaces. */
export function wordsOf(value: unknown): string[] {
  return typeof value === 'string' ? value.split(' ').filter(Boolean) : [];
}
