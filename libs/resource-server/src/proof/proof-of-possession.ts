import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import type { AccessRefused } from '../refusals/access-refused.js';
import type { Credentials } from '../request/credentials.js';
import { DpopNonceRequired, type Dpop } from './dpop.js';
import { InvalidDpopProof } from './dpop-proof.js';
import type { GuardedRequest } from '../request/guarded-request.js';
import { certificateThumbprint, type CertificateSource } from './client-certificate.js';
import type { Refusals } from '../refusals/refusals.js';

/** How this service lets clients prove possession of the key that a token is bound to. */
export interface ProofSettings {
  readonly dpop?: Dpop;
  readonly certificates?: CertificateSource;
  /** Whether a token that is not bound to a certificate is refused. */
  readonly certificateRequired: boolean;
}

/** The confirmation methods of the `cnf` claim that are known here. RFC 9449 §6.1, RFC 8705 §3.1. */
const CONFIRMATIONS = ['jkt', 'x5t#S256'];

const UNBOUND: Confirmation = {};

type Confirmation = Readonly<Partial<Record<string, string>>>;

/** Refuses a bound token unless the request proves possession of the key. RFC 7800 §3. */
export class ProofOfPossession {
  readonly #settings: ProofSettings;
  readonly #refusals: Refusals;

  constructor(settings: ProofSettings, refusals: Refusals) {
    this.#settings = settings;
    this.#refusals = refusals;
  }

  /** @throws AccessRefused */
  async check(request: GuardedRequest, credentials: Credentials, token: VerifiedAccessToken): Promise<void> {
    const { jkt, 'x5t#S256': thumbprint } = this.#confirmation(token, credentials);
    if (jkt === undefined) this.#checkUnbound(credentials);
    else await this.#checkKey(jkt, request, credentials);
    this.#checkCertificate(thumbprint, request, credentials);
  }

  #confirmation({ claims }: VerifiedAccessToken, { scheme }: Credentials): Confirmation {
    const { cnf } = claims;
    if (cnf === undefined) return UNBOUND;
    const members = typeof cnf === 'object' && cnf !== null && !Array.isArray(cnf) ? Object.entries(cnf) : [];
    // RFC 7800 §3.1: members that are not understood are ignored; a binding that cannot be checked must not be taken for none
    const understood = members.filter(([name]) => CONFIRMATIONS.includes(name));
    if (understood.length === 0 || !understood.every(([, value]) => typeof value === 'string' && value !== '')) {
      throw this.#refusals.invalidToken('The token is bound in a way that is not supported', scheme);
    }
    return Object.fromEntries(understood);
  }

  #checkUnbound({ scheme }: Credentials): void {
    // RFC 9449 §7.1: the DPoP scheme is for DPoP-bound tokens
    if (scheme === 'DPoP') throw this.#refusals.invalidToken('The token is not bound to a DPoP key', scheme);
    if (!this.#settings.dpop?.settings.required) return;
    throw this.#refusals.invalidToken('A DPoP-bound token is required', 'DPoP');
  }

  async #checkKey(jkt: string, request: GuardedRequest, { scheme, token }: Credentials): Promise<void> {
    const { dpop } = this.#settings;
    // RFC 9449 §7.2: a DPoP-bound access token must not be accepted as a bearer token
    if (!dpop || scheme !== 'DPoP') {
      throw this.#refusals.invalidToken('The token is bound to a DPoP key and is not a bearer token', scheme);
    }
    const proven = await dpop.proves(request, token, jkt).catch((error: unknown) => {
      throw this.#toRefusal(error);
    });
    if (!proven) throw this.#refusals.invalidToken('Invalid DPoP key binding', scheme);
  }

  #toRefusal(error: unknown): AccessRefused {
    if (error instanceof InvalidDpopProof) return this.#refusals.invalidDpopProof(error.message, error);
    if (error instanceof DpopNonceRequired) return this.#refusals.useDpopNonce(error.nonce);
    // the replay store is full or out of reach: the proof may be a replay, so it does not count
    return this.#refusals.unavailable(1, error);
  }

  #checkCertificate(thumbprint: string | undefined, request: GuardedRequest, { scheme }: Credentials): void {
    const { certificates, certificateRequired } = this.#settings;
    if (thumbprint === undefined) {
      if (!certificateRequired) return;
      throw this.#refusals.invalidToken('A token that is bound to a client certificate is required', scheme);
    }
    // RFC 8705 §3: if the certificate does not match, the request is refused with 401 and invalid_token
    if (!certificates || certificateThumbprint(request, certificates) !== thumbprint) {
      throw this.#refusals.invalidToken('The token is bound to another client certificate', scheme);
    }
  }
}
