import type { TokenEndpointGrantContext } from 'oidc-provider';

/** A grant of the token endpoint beside those of the provider. */
export interface Grant {
  readonly grantType: string;
  /** Every parameter that the grant reads; what is not listed never reaches it. */
  readonly parameters: readonly string[];
  /** Those of them that may be repeated. */
  readonly repeatable: readonly string[];
  /**
   * @param form as it was sent; what the grant does not list may be missing
   * @returns the answer, as JSON
   * @throws OAuthError for every refusal
   */
  handle(ctx: GrantContext, form: URLSearchParams): Promise<object>;
}

export type GrantContext = TokenEndpointGrantContext<Record<string, string | string[] | undefined>>;
