import { createHash, randomBytes } from 'node:crypto';
import { postForm, type Answer, type Fields } from './form-post.js';
import { UserAgent } from './user-agent.js';

export interface Login {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly username?: string;
  readonly password?: string;
  /** Sent with the authorization request, beside what every request has. */
  readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
  /** How the client authenticates at the token endpoint; absent: as a public client. */
  readonly authorization?: string;
}

/** Logs a user in by hand, with the authorization code grant and PKCE, as a client would. RFC 6749 §4.1, RFC 7636. */
export async function logIn(login: Login, agent = new UserAgent(), more: Fields = {}): Promise<Answer> {
  const { issuer, clientId, authorization } = login;
  const fields = { ...(await obtainCode(login, agent)), ...more };
  return authorization === undefined
    ? postForm(`${issuer}/oauth2/token`, { ...fields, client_id: clientId })
    : postForm(`${issuer}/oauth2/token`, fields, { authorization });
}

/** The login up to the token request, and what that request has to say. */
export async function obtainCode(login: Login, agent = new UserAgent()): Promise<Fields> {
  const { issuer, clientId, redirectUri, scope, username = 'baeldung', password = 'password' } = login;
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state: randomBytes(8).toString('hex'),
    // of OpenID Connect, which is refused without it
    ...(scope.split(' ').includes('openid') && { nonce: randomBytes(8).toString('hex') }),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  for (const [name, values] of Object.entries(login.parameters ?? {})) {
    for (const value of [values].flat()) query.append(name, value);
  }
  const page = await agent.follow(await agent.get(`${issuer}/oauth2/authorize?${query.toString()}`), redirectUri);
  // whoever is signed in already is not asked again
  const isAnswered = page.headers.has('location');
  const signedIn = isAnswered
    ? page
    : await agent.follow(await agent.submit(page.url, { username, password }), redirectUri);
  const asksConsent = new URL(signedIn.url).pathname.startsWith('/consent/');
  const back = asksConsent
    ? await agent.follow(await agent.submit(signedIn.url, { decision: 'allow' }), redirectUri)
    : signedIn;
  const answer = new URL(back.headers.get('location') ?? 'about:blank').searchParams;
  const code = answer.get('code');
  if (code === null) throw new Error(`no code came back: ${back.status} ${answer.get('error') ?? ''}`);
  return { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
}
