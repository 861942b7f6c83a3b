import { TokenRejection, verifyJwt, type TrustedIssuer, type VerifiedJwt } from '@onbehalf/jwt-verification';
import { systemClock, type Clock } from '@onbehalf/oauth-protocol';
import type { ForeignIssuer } from '@onbehalf/token-exchange';
import { isSubject } from '../../configuration/checks/check-workload.js';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import type { WorkloadConfig } from '../../configuration/schema/workload.schema.js';

/** What a token of a workload tells of it. Never the token. */
export interface Workload {
  readonly issuer: string;
  readonly subject: string;
  readonly jwtId?: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Where it runs, as Kubernetes tells it: namespace, service account, pod and node, by their names. */
  readonly place: Readonly<Record<string, string>>;
}

export interface WorkloadIdentitiesOptions {
  /** This server, whom the tokens are for unless a client says otherwise. */
  readonly issuer: string;
  readonly config: Pick<ServerConfig, 'clients'>;
  /** Those whose word is taken for it. */
  readonly issuers: readonly ForeignIssuer[];
  readonly clock?: Clock;
}

/** Issuers of workloads give their tokens no type, or the one that says nothing. RFC 7519 §5.1 */
const PLAIN = ['', 'jwt'];

/**
 * The clients that authenticate by a token that their platform gives them, in place of an assertion of their own. RFC 7521 §3: the
 * issuer of an assertion is the client, or a third party that this server trusts.
 */
export class WorkloadIdentities {
  readonly #options: WorkloadIdentitiesOptions;
  readonly #workloads: ReadonlyMap<string, WorkloadConfig>;

  constructor(options: WorkloadIdentitiesOptions) {
    this.#options = options;
    this.#workloads = new Map(
      options.config.clients.flatMap(({ clientId, workload }) => (workload ? [[clientId, workload] as const] : [])),
    );
  }

  /** Whether the client authenticates so, and in no other way. */
  has(clientId: string): boolean {
    return this.#workloads.has(clientId);
  }

  /**
   * The workload that the token is about, which is the one of this client.
   * @throws TokenRejection when the token is refused
   * @throws KeysUnavailable when the keys of its issuer cannot be had now
   */
  async verify(clientId: string, token: string): Promise<Workload> {
    const registered = this.#workloads.get(clientId);
    if (!registered) throw new TokenRejection('claim', 'The client is no workload');
    const { issuers, clock = systemClock } = this.#options;
    const verified = await verifyJwt(token, {
      issuers: issuers.filter(({ issuer }) => issuer === registered.issuer),
      types: (issuer: TrustedIssuer) => (issuer as ForeignIssuer).types ?? PLAIN,
      requiredClaims: ['sub', 'aud', 'iat'],
      clock,
    });
    this.#judge(verified.claims, registered);
    this.#checkFirst(clientId, verified.claims);
    return toWorkload(verified.claims);
  }

  #judge({ aud, sub, iat, exp }: VerifiedJwt['claims'], registered: WorkloadConfig): void {
    const { audience = this.#options.issuer, subject, maxLifetime } = registered;
    const [only, ...others] = [aud].flat();
    // whoever else it is for could present it here
    if (only !== audience || others.length > 0)
      throw new TokenRejection('audience', `Its aud must be ${audience} alone`);
    if (typeof sub !== 'string' || !isSubject(subject, sub)) {
      throw new TokenRejection('claim', `Its sub must be ${subject}, for this client`);
    }
    if (exp - iat! > maxLifetime) throw new TokenRejection('claim', `It lives longer than ${maxLifetime} seconds`);
  }

  /** One workload is one client: what an operator registered before the file named another one for it does not count. */
  #checkFirst(clientId: string, { iss, sub }: VerifiedJwt['claims']): void {
    const [first] = [...this.#workloads].find(([, { issuer, subject }]) => issuer === iss && isSubject(subject, sub!))!;
    if (first !== clientId) throw new TokenRejection('claim', `Its sub is that of the client ${first}`);
  }
}

function toWorkload({ iss, sub, jti, exp, 'kubernetes.io': kubernetes }: VerifiedJwt['claims']): Workload {
  return {
    issuer: iss,
    subject: sub!,
    ...(typeof jti === 'string' && { jwtId: jti.slice(0, LONGEST) }),
    expiresAt: exp,
    place: placeOf(kubernetes),
  };
}

/** Characters of a name that is told: Kubernetes has none that are longer. */
const LONGEST = 253;

function placeOf(claim: unknown): Workload['place'] {
  const { namespace, ...parties } = membersOf(claim);
  const named = ['serviceaccount', 'pod', 'node'].map((party) => [party, membersOf(parties[party])['name']] as const);
  const told = [['namespace', namespace] as const, ...named].filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(told.map(([name, value]) => [name, (value as string).slice(0, LONGEST)]));
}

function membersOf(claim: unknown): Readonly<Record<string, unknown>> {
  return typeof claim === 'object' && claim !== null ? (claim as Record<string, unknown>) : {};
}
