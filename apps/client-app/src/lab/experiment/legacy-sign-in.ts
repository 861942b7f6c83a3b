/** The user who has signed in at the system from before OAuth. */
export interface LegacyLogin {
  readonly session: string;
  /** The assertion that the service received, in base64url. */
  readonly assertion: string;
}

/** Milliseconds for one answer. */
const TIMEOUT = 10_000;
/** Of the demo, as everywhere in it. */
const PASSWORD = 'password';

/**
 * Signs in by SAML, as a browser does: at the identity provider, and with its response at the service.
 * @returns undefined when the system does not let the user in
 */
export async function signInTheOldWay(system: string, user: string): Promise<LegacyLogin | undefined> {
  const send = (path: string, form: Record<string, string>): Promise<Response> =>
    fetch(system + path, {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT),
    });
  const page = await (await send('/idp', { username: user, password: PASSWORD })).text();
  const response = /name="SAMLResponse" value="([A-Za-z0-9+/=]+)"/.exec(page)?.[1];
  if (response === undefined) return undefined;
  const { headers } = await send('/service/acs', { SAMLResponse: response });
  const session = /LEGACYSESSION=([\w-]+)/.exec(headers.get('set-cookie') ?? '')?.[1];
  const [assertion] = /<saml:Assertion[^]*<\/saml:Assertion>/.exec(Buffer.from(response, 'base64').toString()) ?? [];
  if (session === undefined || assertion === undefined) return undefined;
  return { session, assertion: Buffer.from(assertion).toString('base64url') };
}
