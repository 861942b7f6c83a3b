import {
  formatChallenge,
  formatScope,
  type BearerErrorCode,
  type ChallengeParameters,
  type ChallengeScheme,
} from '@onbehalf/oauth-protocol';
import { AccessRefused } from './access-refused.js';

/** What every challenge of one resource server says. */
export interface ChallengeOptions {
  /** URL of the protected resource metadata. RFC 9728 §5.1. */
  readonly resourceMetadata?: string;
  /** Proof algorithms, when DPoP is accepted. RFC 9449 §7.1. */
  readonly dpopAlgorithms?: readonly string[];
  /** Whether a token without DPoP binding is refused. */
  readonly dpopRequired?: boolean;
}

const STATUS: Readonly<Record<BearerErrorCode, number>> = {
  // RFC 6750 §3.1
  invalid_request: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  // RFC 9470 §3
  insufficient_user_authentication: 401,
  // RFC 9449 §7.1, §9
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  impersonation_forbidden: 403,
  agent_forbidden: 403,
};

/** Makes the refusals of one resource server, each with its status, challenge and body. */
export class Refusals {
  readonly #options: ChallengeOptions;

  constructor(options: ChallengeOptions = {}) {
    this.#options = options;
  }

  /**
   * RFC 6750 §3.1: without authentication information the challenge has no error code. It says which scope the route demands,
   * so that a client asks for the right token at once (RFC 6750 §3).
   */
  missingToken(scopes: readonly string[] = []): AccessRefused {
    const parameters = scopes.length > 0 ? { scope: formatScope(scopes) } : {};
    const headers = { 'WWW-Authenticate': this.#challenges(undefined, parameters) };
    const body = { statusCode: 401, message: 'Unauthorized' };
    return new AccessRefused('missing_token', 'An access token is required', { status: 401, body, headers });
  }

  invalidRequest(description: string, scheme?: ChallengeScheme): AccessRefused {
    return this.#refuse('invalid_request', description, { scheme });
  }

  invalidToken(description: string, scheme?: ChallengeScheme, cause?: unknown): AccessRefused {
    return this.#refuse('invalid_token', description, { scheme, cause });
  }

  /** @param scopes the scopes that are needed, all of them; empty when other scopes would not help */
  insufficientScope(description: string, scopes: readonly string[] = [], scheme?: ChallengeScheme): AccessRefused {
    const parameters = scopes.length > 0 ? { scope: formatScope(scopes) } : {};
    return this.#refuse('insufficient_scope', description, { scheme, parameters });
  }

  /** More scope would not help: an administrator uses the account. */
  impersonationForbidden(scheme?: ChallengeScheme): AccessRefused {
    const description = 'This resource may not be used while an administrator uses the account';
    return this.#refuse('impersonation_forbidden', description, { scheme });
  }

  /** More scope would not help: an AI agent stands behind the request. */
  agentForbidden(scheme?: ChallengeScheme): AccessRefused {
    return this.#refuse('agent_forbidden', 'This resource may not be used by way of an AI agent', { scheme });
  }

  /** RFC 9470 §3. */
  insufficientUserAuthentication(
    description: string,
    { acr, maxAge }: { readonly acr: readonly string[]; readonly maxAge?: number },
    scheme?: ChallengeScheme,
  ): AccessRefused {
    const parameters = { acr_values: acr.length > 0 ? acr.join(' ') : undefined, max_age: maxAge };
    return this.#refuse('insufficient_user_authentication', description, { scheme, parameters });
  }

  invalidDpopProof(description: string, cause?: unknown): AccessRefused {
    return this.#refuse('invalid_dpop_proof', description, { scheme: 'DPoP', cause });
  }

  /** RFC 9449 §9: the nonce to use comes along. */
  useDpopNonce(nonce: string): AccessRefused {
    const description = 'The resource server requires a nonce in the DPoP proof';
    return this.#refuse('use_dpop_nonce', description, { scheme: 'DPoP', headers: { 'DPoP-Nonce': nonce } });
  }

  /** What is needed to judge the token is out of reach. Says nothing about the token. */
  unavailable(retryAfter: number, cause?: unknown): AccessRefused {
    const description = 'The access token cannot be verified now';
    const body = { error: 'temporarily_unavailable', error_description: description };
    const headers = { 'Retry-After': String(Math.ceil(retryAfter)) };
    return new AccessRefused('temporarily_unavailable', description, { status: 503, body, headers }, cause);
  }

  #refuse(error: BearerErrorCode, description: string, more: RefusalDetail): AccessRefused {
    const error_description = sendable(description);
    const challenge = this.#challenges(more.scheme, { error, error_description, ...more.parameters });
    const body = { error, error_description, ...more.parameters };
    const headers = { 'WWW-Authenticate': challenge, ...more.headers };
    return new AccessRefused(error, error_description, { status: STATUS[error], body, headers }, more.cause);
  }

  /** The challenge of the scheme that was used, and the other scheme beside it where both are accepted. RFC 9110 §11.6.1. */
  #challenges(used: ChallengeScheme = this.#preferred(), parameters: ChallengeParameters = {}): string {
    const first = this.#challenge(used, parameters);
    return used === 'Bearer' && this.#options.dpopAlgorithms ? `${first}, ${this.#challenge('DPoP')}` : first;
  }

  #preferred(): ChallengeScheme {
    return this.#options.dpopRequired ? 'DPoP' : 'Bearer';
  }

  #challenge(scheme: ChallengeScheme, parameters: ChallengeParameters = {}): string {
    const { dpopAlgorithms, resourceMetadata } = this.#options;
    const algs = scheme === 'DPoP' ? dpopAlgorithms?.join(' ') : undefined;
    return formatChallenge(scheme, { ...parameters, algs, resource_metadata: resourceMetadata });
  }
}

interface RefusalDetail {
  readonly scheme?: ChallengeScheme;
  readonly parameters?: ChallengeParameters;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Longer descriptions come from hostile claims. */
const MAX_DESCRIPTION = 300;

// RFC 6750 §3: error_description must not hold characters outside %x20-21 / %x23-5B / %x5D-7E
function sendable(description: string): string {
  const text = description.replaceAll('"', "'").replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');
  return text.length > MAX_DESCRIPTION ? `${text.slice(0, MAX_DESCRIPTION)}...` : text;
}
