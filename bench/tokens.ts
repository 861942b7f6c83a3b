/** Keys of a benchmark's authorization server, subject tokens made with them, and the proof that answers are right. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
} from 'jose';
import type { TokenIndex } from '@onbehalf/authorization-store';

/** Seconds; longer than the longest run. */
const LIFETIME = 24 * 3600;

/** What a subject token says beside the usual. */
interface SubjectClaims {
  readonly sub?: string;
  readonly aud?: string;
  readonly scope?: string;
  readonly act?: object;
  /** Among tokens that are made together: each is named as if it were issued a millisecond after the one before it. */
  readonly number?: number;
}

/** A subject token, and whom it is of. */
export interface SubjectToken {
  readonly token: string;
  readonly sub: string;
}

export class Keys {
  readonly jwks: JSONWebKeySet;

  private constructor(jwks: JSONWebKeySet) {
    this.jwks = jwks;
  }

  /** One key pair for each algorithm of the server. */
  static async generate(): Promise<Keys> {
    return new Keys({ keys: await Promise.all(['ES256', 'RS256'].map(generate)) });
  }

  get publicJwks(): JSONWebKeySet {
    const keys = this.jwks.keys.map(({ kty, kid, alg, use, crv, x, y, n, e }) => ({
      kty,
      kid,
      alg,
      use,
      crv,
      x,
      y,
      n,
      e,
    }));
    return { keys };
  }

  /** Signs a subject token of the issuer, and has it known to the index when there is one. RFC 9068 §2.2. */
  async subjectToken(issuer: string, given: SubjectClaims = {}, index?: TokenIndex): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const { sub = 'user-0', aud = 'user-service', scope = 'user.read', number = 0, ...rest } = given;
    const jti = tokenId(now * 1000 + number);
    const claims = { iss: issuer, sub, aud, scope, client_id: 'client-app', jti, iat: now };
    const expiresAt = now + LIFETIME;
    const { client_id: clientId } = claims;
    await index?.record({ jti, clientId, subject: sub, audiences: [aud], expiresAt });
    const key = this.jwks.keys[0]!;
    return new SignJWT({ ...claims, ...rest, exp: expiresAt })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid!, typ: 'at+jwt' })
      .sign(await importJWK(key, 'ES256'));
  }

  /** A check of answers that verifies the signature and every claim of what was issued; `own` are those of one answer. */
  check(issuer: string, expected: JWTPayload): (token: unknown, own?: JWTPayload) => Promise<void> {
    const keys = createLocalJWKSet(this.publicJwks);
    return async (token, own) => {
      const { payload } = await jwtVerify(String(token), keys, { issuer });
      for (const [name, value] of Object.entries({ ...expected, ...own })) {
        if (!isDeepStrictEqual(comparable(name, payload[name]), comparable(name, value))) {
          throw new Error(`the claim ${name} of the issued token is ${JSON.stringify(payload[name])}`);
        }
      }
    };
  }
}

/** A claim as it is compared: actors by their names alone, because neither the floor nor commits of before tell their issuers. */
function comparable(name: string, value: unknown): unknown {
  return name === 'act' ? actorsOf(value as Actor | undefined) : value;
}

interface Actor {
  readonly sub: string;
  readonly act?: Actor;
}

function actorsOf(act: Actor | undefined): readonly string[] {
  return act ? [act.sub, ...actorsOf(act.act)] : [];
}

/** The `act` claim of a chain of so many actors, none of which takes part in the benchmark. */
export function chain(depth: number): { sub: string; act?: object } | undefined {
  if (depth === 0) return undefined;
  const act = chain(depth - 1);
  return { sub: `actor-${depth}`, ...(act && { act }) };
}

/** As the authorization server names its tokens: a UUID that begins with the time, in milliseconds. RFC 9562 §5.7 */
function tokenId(milliseconds: number): string {
  const time = milliseconds.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

async function generate(alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg };
}
