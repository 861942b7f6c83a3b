import type { TokenEndpointGrantContext } from 'oidc-provider';

/** A grant of the token endpoint beside those of the provider. */
export interface Grant {
  readonly grantType: string;
  /** Every parameter that the grant reads; what is not listed never reaches it. */
  readonly parameters: readonly string[];
  /** Those of them that may be repeated. */
  readonly repeatable: readonly string[];
  /**
   * Answers the request by setting `ctx.body`.
   * @param form as it was sent; what the grant does not list may be missing
   * @throws OAuthError for every refusal
   */
  handle(ctx: GrantContext, form: URLSearchParams): Promise<void>;
}

export type GrantContext = TokenEndpointGrantContext<Record<string, string | string[] | undefined>>;
