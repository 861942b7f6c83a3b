import { randomUUID } from 'node:crypto';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { CLIENT_ASSERTION_TYPE } from '@onbehalf/oauth-protocol';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { currentRequest, type Parameters } from '../seam/request-seam.js';
import type { Workload, WorkloadIdentities } from './workload-identity.js';

/** Is told which workload has shown which token, once for each token. */
export type TellWorkload = (clientId: string, workload: Workload) => void;

/** Tokens that were told of; the oldest goes. */
const MOST_TOLD = 10_000;

/** By which workload the client of a request has authenticated. */
const authenticated = new WeakMap<KoaContextWithOIDC, Workload>();

/** The subject of the workload by which the client of a request has authenticated, if it did so. */
export function workloadOf(ctx: KoaContextWithOIDC | undefined): { readonly workload?: string } {
  const workload = ctx && authenticated.get(ctx);
  return workload ? { workload: workload.subject } : {};
}

/**
 * The way of workloads through the provider, which takes no assertion whose subject is not the client’s id: it knows these clients
 * by a secret, and asks this server whether one is right. In place of a secret that anybody could send, it is given the assertion
 * behind a mark that is known to this process alone.
 */
export class WorkloadAssertions {
  readonly #mark = `${randomUUID()} `;
  readonly #told = new Set<string>();

  constructor(
    private readonly identities: Pick<WorkloadIdentities, 'has' | 'verify'>,
    private readonly acceptsSecret: (clientId: string, secret: string) => boolean,
    private readonly tell: TellWorkload,
  ) {}

  /** Marks the assertion of a workload. What is sent twice, or beside a secret, stays as it is, and is refused. RFC 6749 §2.3 */
  readonly mark = (parameters: Parameters): void => {
    const { client_id, client_secret, client_assertion, client_assertion_type } = parameters;
    if (typeof client_id !== 'string' || !this.identities.has(client_id) || client_secret) return;
    if (typeof client_assertion !== 'string' || client_assertion_type !== CLIENT_ASSERTION_TYPE) return;
    Object.assign(parameters, {
      client_secret: this.#mark + client_assertion,
      client_assertion: undefined,
      client_assertion_type: undefined,
    });
  };

  /**
   * Whether a client authenticates by this secret, or by this marked assertion.
   * @throws InvalidClientAuth with why the assertion is refused, for the log alone
   */
  readonly accepts = (clientId: string, secret: string): boolean | Promise<boolean> => {
    if (!this.identities.has(clientId)) return this.acceptsSecret(clientId, secret);
    return secret.startsWith(this.#mark) && this.#verify(clientId, secret.slice(this.#mark.length));
  };

  async #verify(clientId: string, assertion: string): Promise<true> {
    try {
      this.#accept(clientId, await this.identities.verify(clientId, assertion));
      return true;
    } catch (error) {
      if (!(error instanceof TokenRejection)) throw error;
      throw new errors.InvalidClientAuth(`the token of the workload is refused: ${error.message}`);
    }
  }

  #accept(clientId: string, workload: Workload): void {
    const ctx = currentRequest();
    if (ctx) authenticated.set(ctx, workload);
    const { issuer, subject, jwtId, expiresAt, place } = workload;
    const token = JSON.stringify([clientId, issuer, subject, jwtId, expiresAt, place]);
    if (this.#told.has(token)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.delete(this.#told.values().next().value!);
    this.#told.add(token);
    this.tell(clientId, workload);
  }
}
