import { createHash, randomUUID } from 'node:crypto';
import { startTestServer, type ReceivedRequest, type TestAnswer, type TestServer } from '@onbehalf/testing';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';

export interface TestProviderOptions {
  /** Whether a refresh replaces the refresh token. */
  readonly rotates?: boolean;
  /** Whether the refresh token before stays good until its successor is used. Default: it ends at once, and whoever sends it again ends all. */
  readonly keepsOld?: boolean;
  /** Whether it narrows by refresh; else it gives all scopes. */
  readonly narrows?: boolean;
  /** Seconds. */
  readonly expiresIn?: number;
}

interface Grant {
  readonly account: string;
  readonly scopes: readonly string[];
  ended: boolean;
}

interface RefreshToken {
  readonly grant: Grant;
  readonly before?: string;
  replaced: boolean;
}

interface Code {
  readonly account: string;
  readonly scopes: readonly string[];
  readonly challenge: string;
  readonly redirectUri: string;
  readonly nonce: string;
}

const CLIENT = 'vault';

/** A strict OpenID provider with accounts of its own, whose users consent at once. RFC 6749, RFC 7009, RFC 7636, RFC 9207 */
export class TestProvider {
  readonly clientId: string = CLIENT;
  readonly clientSecret = randomUUID() as string;
  /** Who consents from now on. */
  account = 'mail@alice.example';
  /** What users grant; absent: everything that they are asked for. */
  grants: readonly string[] | undefined;
  /** In place of what it would do at the token endpoint. */
  interruption: ((request: ReceivedRequest) => TestAnswer | Promise<TestAnswer> | undefined) | undefined;
  /** Told after an answer was made, before it leaves. */
  beforeAnswer: () => Promise<void> = () => Promise.resolve();
  /** What it is instead of itself in the answers that go through the browser. */
  claimedIssuer: string | undefined;
  /** What its ID tokens have in place of the nonce of the request. */
  claimedNonce: string | undefined;
  refreshes = 0;
  readonly revoked: string[] = [];
  readonly #codes = new Map<string, Code>();
  readonly #refreshTokens = new Map<string, RefreshToken>();
  readonly #accessTokens = new Map<string, { readonly grant: Grant; readonly scopes: readonly string[] }>();

  private constructor(
    readonly options: TestProviderOptions,
    private readonly server: TestServer,
    private readonly key: CryptoKey,
    private readonly jwk: object,
  ) {}

  static async start(options: TestProviderOptions = {}): Promise<TestProvider> {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const server = await startTestServer(() => ({ status: 503 }));
    const provider = new TestProvider(options, server, privateKey, await exportJWK(publicKey));
    server.answering = (request) => provider.#answer(request);
    return provider;
  }

  get issuer(): string {
    return this.server.url;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  /** What somebody has consented to, as if it had gone through a browser. */
  grant(account: string, scopes: readonly string[]): { readonly accessToken: string; readonly refreshToken: string } {
    const grant: Grant = { account, scopes, ended: false };
    const [accessToken, refreshToken] = [`at-${randomUUID()}`, `rt-${randomUUID()}`];
    this.#accessTokens.set(accessToken, { grant, scopes });
    this.#refreshTokens.set(refreshToken, { grant, replaced: false });
    return { accessToken, refreshToken };
  }

  /** Ends everything that the account has consented to, as its holder can. */
  revokeAll(): void {
    for (const { grant } of this.#refreshTokens.values()) grant.ended = true;
  }

  /** The scopes of an access token that is good; `undefined` for what is none. */
  scopesOf(token: string): readonly string[] | undefined {
    const known = this.#accessTokens.get(token);
    return known && !known.grant.ended ? known.scopes : undefined;
  }

  accountOf(token: string): string | undefined {
    return this.#accessTokens.get(token)?.grant.account;
  }

  /** Every token that is good. */
  get secrets(): readonly string[] {
    return [...this.#refreshTokens.keys(), ...this.#accessTokens.keys(), this.clientSecret];
  }

  async #answer(request: ReceivedRequest): Promise<TestAnswer> {
    const { pathname, searchParams } = new URL(request.path, this.issuer);
    if (pathname === '/.well-known/openid-configuration') return { body: this.#metadata() };
    if (pathname === '/jwks') return { body: { keys: [{ ...this.jwk, alg: 'RS256' }] } };
    if (pathname === '/authorize') return this.#authorize(searchParams);
    if (pathname === '/token') {
      const answer = (await this.interruption?.(request)) ?? (await this.#token(request));
      await this.beforeAnswer();
      return answer;
    }
    if (pathname === '/revoke') return this.#revoke(request);
    return { status: 404 };
  }

  #metadata(): object {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      revocation_endpoint: `${this.issuer}/revoke`,
      jwks_uri: `${this.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  #authorize(query: URLSearchParams): TestAnswer {
    const of = (name: string): string => {
      const [value, ...more] = query.getAll(name);
      if (value === undefined || more.length > 0) throw new Error(`${name} must be sent once`);
      return value;
    };
    if (of('client_id') !== CLIENT || of('response_type') !== 'code') throw new Error('no such client');
    if (of('code_challenge_method') !== 'S256') throw new Error('PKCE is required');
    const back = new URL(of('redirect_uri'));
    back.searchParams.set('state', of('state'));
    back.searchParams.set('iss', this.claimedIssuer ?? this.issuer);
    const asked = of('scope').split(' ');
    const scopes = asked.filter((scope) => scope === 'openid' || (this.grants?.includes(scope) ?? true));
    if (this.grants?.length === 0) back.searchParams.set('error', 'access_denied');
    else {
      const code = randomUUID();
      const challenge = of('code_challenge');
      const details = { account: this.account, scopes, challenge, redirectUri: of('redirect_uri'), nonce: of('nonce') };
      this.#codes.set(code, details);
      back.searchParams.set('code', code);
    }
    return { status: 302, headers: { location: back.href } };
  }

  async #token({ form, headers }: ReceivedRequest): Promise<TestAnswer> {
    if (!this.#isClient(headers.authorization)) return { status: 401, body: { error: 'invalid_client' } };
    if (form.get('grant_type') === 'refresh_token') return this.#refresh(form);
    const code = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!code || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri')) return INVALID_GRANT;
    const grant: Grant = { account: code.account, scopes: code.scopes, ended: false };
    return { body: { ...(await this.#issue(grant, grant.scopes)), id_token: await this.#idToken(code) } };
  }

  async #refresh(form: URLSearchParams): Promise<TestAnswer> {
    this.refreshes += 1;
    const sent = form.get('refresh_token') ?? '';
    const known = this.#refreshTokens.get(sent);
    if (!known || known.grant.ended) return INVALID_GRANT;
    if (known.replaced) {
      // RFC 9700 §4.14.2: somebody else has it
      known.grant.ended = true;
      return INVALID_GRANT;
    }
    const asked = form.get('scope')?.split(' ');
    if (asked?.some((scope) => !known.grant.scopes.includes(scope)))
      return { status: 400, body: { error: 'invalid_scope' } };
    const before = known.before === undefined ? undefined : this.#refreshTokens.get(known.before);
    if (before) before.replaced = true;
    if (this.options.rotates && !this.options.keepsOld) known.replaced = true;
    const scopes = this.options.narrows && asked ? asked : known.grant.scopes;
    return { body: await this.#issue(known.grant, scopes, sent) };
  }

  #issue(grant: Grant, scopes: readonly string[], before?: string): Promise<object> {
    const accessToken = `at-${randomUUID()}`;
    this.#accessTokens.set(accessToken, { grant, scopes });
    const isNew = before === undefined || this.options.rotates;
    const refreshToken = isNew ? `rt-${randomUUID()}` : undefined;
    if (refreshToken !== undefined) {
      const more = before !== undefined && this.options.keepsOld ? { before } : {};
      this.#refreshTokens.set(refreshToken, { grant, replaced: false, ...more });
    }
    return Promise.resolve({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: this.options.expiresIn ?? 3600,
      scope: scopes.join(' '),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    });
  }

  #idToken({ account, nonce }: Code): Promise<string> {
    return new SignJWT({ nonce: this.claimedNonce ?? nonce, email: account })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(this.issuer)
      .setSubject(`sub of ${account}`)
      .setAudience(CLIENT)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(this.key);
  }

  #revoke({ form, headers }: ReceivedRequest): TestAnswer {
    if (!this.#isClient(headers.authorization)) return { status: 401, body: { error: 'invalid_client' } };
    const token = form.get('token') ?? '';
    const grant = (this.#refreshTokens.get(token) ?? this.#accessTokens.get(token))?.grant;
    if (grant) grant.ended = true;
    this.revoked.push(token);
    return { status: 200 };
  }

  #isClient(authorization: string | undefined): boolean {
    // RFC 6749 §2.3.1: both are form-encoded
    const [id = '', secret = ''] = atob(authorization?.replace(/^Basic /, '') ?? '').split(':');
    return decodeURIComponent(id) === CLIENT && decodeURIComponent(secret) === this.clientSecret;
  }
}

const INVALID_GRANT: TestAnswer = { status: 400, body: { error: 'invalid_grant' } };
