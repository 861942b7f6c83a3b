/**
 * A system from before OAuth, for the demo: an identity provider that signs users in by SAML, and a service that keeps them in sessions.
 * Both in this process, on loopback, with keys of its own that are made at start; it does not run in production. Started by
 * `tools/legacy.ts`, which is told the public key.
 */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyAssertion } from '@onbehalf/feature-saml-assertion';
import { signAssertion, unsignedAssertion } from '@onbehalf/testing-internal';

const ENTITY = 'urn:example:legacy-idp';
/** The service, as the identity provider knows it. */
const AUDIENCE = 'https://legacy.example/metadata';
const RECIPIENT = 'https://legacy.example/acs';
/** Seconds that an assertion can be used, and a session lives. */
const [ASSERTION_LIFE, SESSION_LIFE] = [300, 3600];

if (process.env['NODE_ENV'] === 'production') {
  console.error('the legacy system is for the demo and does not run in production (NODE_ENV)');
  process.exit(1);
}

interface Session {
  readonly user: string;
  readonly startedAt: number;
  readonly endsAt: number;
  readonly locked: boolean;
  readonly rights: readonly string[];
  readonly assertion: string;
}

type Reply = (status: number, body: object | string, headers?: Record<string, string>) => void;

const SIGN_IN =
  '<form method="post" action="/idp"><input name="username" value="baeldung"><input type="password" name="password"><button>Sign in</button></form>';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const serviceKey = process.env['LEGACY_SERVICE_KEY'] ?? '';
const sessions = new Map<string, Session>();

const routes: Readonly<Record<string, (request: IncomingMessage, form: URLSearchParams, reply: Reply) => void>> = {
  'GET /idp': (_request, _form, reply) => reply(200, page('Sign in the old way', SIGN_IN)),
  'POST /idp': signIn,
  'POST /service/acs': takeAssertion,
  'GET /service': (request, _form, reply) => showSession(request, reply),
  'POST /service/session': tellSession,
};

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ port, publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }) });
});
process.once('disconnect', () => process.exit(0));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply: Reply = (status, body, headers = {}) => {
    const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json';
    const policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'";
    response.writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      'content-security-policy': policy,
      ...headers,
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  try {
    const path = (request.url ?? '').split('?', 1)[0];
    const route = routes[`${request.method} ${path}`];
    if (route) route(request, await formOf(request), reply);
    else reply(404, { error: 'not_found' });
  } catch {
    reply(400, { error: 'bad_request' });
  }
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > 100_000) throw new Error('too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

/** The identity provider: who has signed in is told to the service by an assertion, in a response that the browser carries. */
function signIn(_request: IncomingMessage, form: URLSearchParams, reply: Reply): void {
  const user = form.get('username') ?? '';
  if (!/^[\w.-]{1,64}$/.test(user) || form.get('password') !== 'password') {
    return reply(401, page('Sign in the old way', `<p>The user name or the password is wrong.</p>${SIGN_IN}`));
  }
  const content = { now: now(), id: `_${randomUUID()}`, issuer: ENTITY, name: user, audience: AUDIENCE };
  const ends = { notOnOrAfter: ASSERTION_LIFE, confirmed: ASSERTION_LIFE, sessionEnd: SESSION_LIFE };
  const assertion = signAssertion(unsignedAssertion({ ...content, ...ends, recipient: RECIPIENT }), {
    key: keys.privateKey,
  });
  const response = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">${assertion}</samlp:Response>`;
  const value = Buffer.from(response).toString('base64');
  const carry = `<form method="post" action="/service/acs"><input type="hidden" name="SAMLResponse" value="${value}"><button>Go on to the service</button></form>`;
  reply(200, page('Signed in', carry));
}

/** The service: begins a session for the user of an assertion that was made for it. */
function takeAssertion(_request: IncomingMessage, form: URLSearchParams, reply: Reply): void {
  const response = Buffer.from(form.get('SAMLResponse') ?? '', 'base64').toString();
  const [xml = ''] = /<saml:Assertion[^]*<\/saml:Assertion>/.exec(response) ?? [];
  const assertion = Buffer.from(xml).toString('base64url');
  const trusted = { keys: [keys.publicKey], audiences: [AUDIENCE], recipients: [RECIPIENT] };
  const { name } = verifyAssertion(assertion, (issuer) => (issuer === ENTITY ? trusted : undefined), now());
  const id = randomBytes(24).toString('base64url');
  const [startedAt, rights] = [now(), ['legacy.read']];
  sessions.set(id, { user: name, startedAt, endsAt: startedAt + SESSION_LIFE, locked: false, rights, assertion });
  reply(303, {}, { location: '/service', 'set-cookie': `LEGACYSESSION=${id}; HttpOnly; SameSite=Lax; Path=/` });
}

/** What the service knows of whoever asks: as a page, or as JSON. */
function showSession(request: IncomingMessage, reply: Reply): void {
  const id = /(?:^|; )LEGACYSESSION=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  const session = sessions.get(id);
  if (!session) return reply(303, {}, { location: '/idp' });
  if (!request.headers.accept?.includes('text/html')) return reply(200, { ...session, session: id });
  const xml = Buffer.from(session.assertion, 'base64url').toString();
  reply(200, page(`Signed in as ${session.user}`, `<p>The assertion:</p><pre>${escape(xml)}</pre>`));
}

/** Tells the authorization server, which has the key, whose session it is. */
function tellSession(request: IncomingMessage, form: URLSearchParams, reply: Reply): void {
  if (serviceKey === '' || request.headers.authorization !== `Bearer ${serviceKey}`) {
    return reply(401, { error: 'unauthorized' });
  }
  const session = sessions.get(form.get('id') ?? '');
  if (!session || session.endsAt <= now()) return reply(404, { error: 'no_such_session' });
  const { user, startedAt, endsAt, locked, rights } = session;
  reply(200, { user, startedAt, endsAt, locked, rights });
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><title>${escape(title)}</title><h1>${escape(title)}</h1>${body}</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
