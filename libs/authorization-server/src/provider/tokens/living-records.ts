import { decodeJwt } from 'jose';
import type { Adapter, AdapterConstructor, AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { PartyKind } from '@onbehalf/authorization-ports';
import type { Lives } from '../../registrations/live/lives.js';
import { memoryAdapter } from '../seam/provider-seam.js';

/** The lives that a provider knows; when they change, a new provider takes its place. */
export interface KnownLives {
  readonly lives: Lives;
  /** Asks the store. */
  readonly latest: () => Promise<Lives>;
}

/** A record is of a life that began elsewhere a moment ago: the request may be sent again. */
export class BehindOtherReplicas extends Error {
  /** Seconds. */
  readonly retryAfter = 1;

  constructor() {
    super('the registrations of another replica are newer');
    this.name = 'BehindOtherReplicas';
  }
}

type Members = Readonly<Record<string, unknown>>;
type Numbers = Readonly<Record<string, number | null>>;
interface Named {
  readonly kind: PartyKind;
  readonly id: string;
  /** In which it has signed in, where the record tells. */
  readonly life?: number;
}

/** Records of versions that did not count lives are of the first ones. */
const FIRST = 0;

/**
 * Has each record of the provider (session, grant, code, refresh token, sign-in under way …) belong to the lives that its user and
 * client lead, as the provider knows them. One of another life is not found: a request goes by the lives that it began with,
 * and what it stores ends with them.
 */
export function livingRecords(
  inner: AdapterConstructor | AdapterFactory | undefined,
  known: KnownLives,
): AdapterFactory {
  const create = inner ?? memoryAdapter;
  return (model) => {
    const records = isConstructor(create) ? new create(model) : create(model);
    return living(records, known);
  };
}

function living(records: Adapter, { lives, latest }: KnownLives): Adapter {
  const ifLiving = async (found: AdapterPayload | undefined | void): Promise<AdapterPayload | undefined> => {
    if (!found) return undefined;
    const numbers = (found['lives'] ?? {}) as Numbers;
    for (const party of partiesOf(found)) {
      const life = numbers[keyOf(party)] ?? (keyOf(party) in numbers ? undefined : FIRST);
      const led = lives.of(party.kind, party.id);
      if (life !== undefined && life === led) continue;
      if (life !== undefined && life > (led ?? -Infinity) && (await latest()).of(party.kind, party.id) === life) {
        throw new BehindOtherReplicas();
      }
      return undefined;
    }
    return found;
  };
  const numbersOf = (payload: AdapterPayload): Numbers =>
    Object.fromEntries(
      partiesOf(payload).map((party) => [keyOf(party), party.life ?? lives.of(party.kind, party.id) ?? null]),
    );
  return {
    upsert: (id, payload, expiresIn) => records.upsert(id, { ...payload, lives: numbersOf(payload) }, expiresIn),
    find: async (id) => ifLiving(await records.find(id)),
    findByUid: async (uid) => ifLiving(await records.findByUid(uid)),
    findByUserCode: async (code) => ifLiving(await records.findByUserCode(code)),
    consume: (id) => records.consume(id),
    destroy: (id) => records.destroy(id),
    revokeByGrantId: (grantId) => records.revokeByGrantId(grantId),
  };
}

const keyOf = ({ kind, id }: Named): string => `${kind} ${id}`;

/** Whom a record is of; a sign-in under way also those that it began with, and the one that has given a password. */
function partiesOf(payload: AdapterPayload): Named[] {
  const { session, result, params } = payload as { session?: Members; result?: Members; params?: Members };
  const login = result?.['login'] as { accountId?: string; life?: number } | undefined;
  const users = [payload.accountId, session?.['accountId']].map((id) => ({ kind: 'user' as const, id }));
  const clients = [payload.clientId, params?.['client_id'], clientOfRequest(payload.request)];
  return [
    ...users,
    ...clients.map((id) => ({ kind: 'client' as const, id })),
    // the last one of a name counts
    { kind: 'user' as const, id: login?.accountId, ...(login?.life !== undefined && { life: login.life }) },
  ].filter((party): party is Named => typeof party.id === 'string');
}

/** A pushed request names its client inside. RFC 9126 §2.1 */
function clientOfRequest(request: unknown): unknown {
  if (typeof request !== 'string') return undefined;
  try {
    return decodeJwt(request)['client_id'];
  } catch {
    return undefined;
  }
}

function isConstructor(create: AdapterConstructor | AdapterFactory): create is AdapterConstructor {
  return (create as { readonly prototype?: unknown }).prototype !== undefined;
}
