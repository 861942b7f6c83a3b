/** How an access token, or an account, has ended for good. */
export type Ended = 'expired' | 'revoked';

/** Who has consented at a provider. */
export interface ProviderAccount {
  /** What the provider knows the account by; never given to another one. */
  readonly id: string;
  /** What its holder knows it by, such as an e-mail address. */
  readonly label: string;
}

/** What a provider answers, as it came: status and the members of the JSON object. */
export interface ProviderAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Where a provider is asked. RFC 8414 §2 */
export interface ProviderEndpoints {
  readonly authorization: string;
  readonly token: string;
  /** `{client_id}` stands for the client. */
  readonly revocation?: string | undefined;
  /** Answers an access token with the account that it is of. */
  readonly userinfo?: string | undefined;
}

/** A request by which a consent is ended where RFC 7009 is not spoken, and whether its answer says that it worked. */
export interface RevocationCall {
  readonly init: RequestInit;
  readonly succeeded: (answer: ProviderAnswer) => boolean;
}

/** What is peculiar to a provider. What it leaves out is as RFC 6749, RFC 7009, RFC 7636 and OpenID Connect have it. */
export interface ProviderProfile {
  /** Of an OpenID provider: who has consented stands in its ID token. */
  readonly issuer?: string | undefined;
  /** Absent: found by the metadata of the issuer. */
  readonly endpoints?: ProviderEndpoints | undefined;
  readonly authentication: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** Asked for with each consent, and no part of what is handed out. */
  readonly identityScopes: readonly string[];
  /** Further parameters of the authorization request, such as `access_type`. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /** The parameter that names scopes, and what stands between them. RFC 6749 §3.3 */
  readonly scopes?: { readonly parameter: string; readonly separator: string };
  /** Whether the provider knows PKCE. */
  readonly pkce: boolean;
  /** Whether each refresh replaces the refresh token, and the one before ends sooner or later. RFC 9700 §4.14.2 */
  readonly rotates: boolean;
  /** Whether a refresh for fewer scopes gives a token for no more. RFC 6749 §6 */
  readonly narrows: boolean;
  /** The members of `userinfo` that hold the id and the label of the account. */
  readonly userinfo?: { readonly id: string; readonly label: string } | undefined;
  /** Who has consented, where the token answer tells it in its own way. */
  accountOf?(answer: ProviderAnswer['body']): ProviderAccount | undefined;
  /** An answer of the token endpoint in the shape of RFC 6749 §5. */
  adapt?(answer: ProviderAnswer): ProviderAnswer;
  /** What a refusal of a refresh means; `undefined`: nothing about the account. */
  ended?(error: string, description: string): Ended | undefined;
  /** How consent is ended at the revocation endpoint where RFC 7009 is not spoken. */
  revoke?(client: { readonly id: string; readonly secret: string }, accessToken: string): RevocationCall;
}

/** What a refusal means where a provider has no words of its own. RFC 6749 §5.2 */
export function endedByStandard(error: string): Ended | undefined {
  return error === 'invalid_grant' ? 'expired' : undefined;
}
