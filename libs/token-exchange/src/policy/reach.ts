import { DEFAULT_MAX_DEPTH, type ClientRegistration, type Edge } from './policy.js';
import type { PolicyRegistrations } from './registered-policy.js';

/** One exchange on the way to an audience. */
export type Hop = Pick<Way, 'client' | 'subjectAudience' | 'target' | 'mode' | 'via'>;

/** What a token can go along: an edge of the policy, or what something else than the exchange adds to the edges. */
export interface Way extends Edge {
  /** What adds it; absent: the exchange. */
  readonly via?: string;
}

/** How a token is had without an exchange. */
export interface Origin {
  readonly client: string;
  readonly audience: string;
  /** `itself`: with client credentials. `user`: when a user signs in. */
  readonly as: 'itself' | 'user';
}

/** A way to an audience, with what arrives there. */
export interface Route {
  /** The client that asks for the token directly; absent where the way is one of exchanges. */
  readonly origin?: Origin;
  readonly hops: readonly Hop[];
  /** As whom the subject is served: who acts in the token that arrives, the current actor first; nobody in an impersonation. */
  readonly actors: readonly string[];
  /** The scopes that may arrive. */
  readonly scopes: readonly string[];
}

/** Stands for whoever may use somebody's account. */
const ADMINISTRATOR = '(an administrator)';

/** Stands for the subject that an administrative exchange names. */
const NAMED_USER = '(a user that is named)';

/** The most exchanges in a row that a route has. */
const LONGEST_ROUTE = 6;

/** The ways to an audience. */
export interface Reach {
  readonly routes: readonly Route[];
  /** Whether these are all of them. */
  readonly complete: boolean;
}

/**
 * Who can reach an audience, as whom and with which scopes: the clients that have tokens for it directly, then every chain of
 * exchanges that these registrations allow, the shortest first. Speaks of the policy alone; tokens, accounts and entitlements narrow it further.
 * @param additional ways beside the edges, such as those of features
 * @param most how many chains are looked at; they multiply with every hop
 */
export function reachOf(
  audience: string,
  registrations: PolicyRegistrations,
  additional: readonly Way[] = [],
  most = Infinity,
): Reach {
  const leadingTo = usableWays(registrations, additional);
  const routes: Route[] = directRoutes(audience, registrations);
  const chains = (leadingTo.get(audience) ?? []).map((edge) => [edge]);
  let looked = 0;
  for (; looked < chains.length && looked < most; looked += 1) {
    const chain = chains[looked]!;
    const route = travel(chain, registrations);
    if (route) routes.push(route);
    for (const edge of before(chain, leadingTo)) chains.push([edge, ...chain]);
  }
  return { routes, complete: looked === chains.length };
}

/** All ways to an audience. @see reachOf */
export function routesTo(
  audience: string,
  registrations: PolicyRegistrations,
  additional: readonly Way[] = [],
): readonly Route[] {
  return reachOf(audience, registrations, additional).routes;
}

function directRoutes(audience: string, { clients, resources }: PolicyRegistrations): Route[] {
  const known = resources.find((resource) => resource.audience === audience)?.scopes ?? [];
  const waysOf = ({ clientId, asItself = [], asUser = [] }: ClientRegistration): Route[] =>
    [
      ...asItself.map((access) => ({ ...access, as: 'itself' as const })),
      ...asUser.map((access) => ({ ...access, as: 'user' as const })),
    ]
      .filter((access) => access.audience === audience)
      .map(({ as, scopes }) => ({
        origin: { client: clientId, audience, as },
        hops: [],
        actors: [],
        scopes: scopes.filter((scope) => known.includes(scope)),
      }));
  return clients
    .filter(({ enabled }) => enabled)
    .flatMap(waysOf)
    .filter(({ scopes }) => scopes.length > 0);
}

/** The edges whose client may exchange at all and receives the tokens that they start from, by where they lead. */
function usableWays(
  { edges, clients }: PolicyRegistrations,
  additional: readonly Way[],
): ReadonlyMap<string, readonly Way[]> {
  const known = new Map(clients.map((client) => [client.clientId, client]));
  const ways = new Map<string, Way[]>();
  for (const way of [...edges, ...additional]) {
    if (isUsable(way, known.get(way.client))) add(ways, way);
  }
  return ways;
}

function add(ways: Map<string, Way[]>, way: Way): void {
  const known = ways.get(way.target);
  if (known) known.push(way);
  else ways.set(way.target, [way]);
}

function isUsable({ client: clientId, subjectAudience, mode }: Way, client: ClientRegistration | undefined): boolean {
  if (!client?.enabled || !client.confidential) return false;
  if (subjectAudience === undefined) return mode === 'administrative';
  return client.represents.includes(subjectAudience) || subjectAudience === clientId;
}

/** The ways that can stand before a chain. */
function before(chain: readonly Way[], leadingTo: ReadonlyMap<string, readonly Way[]>): readonly Way[] {
  const from = chain[0]?.subjectAudience;
  if (from === undefined || chain.length >= LONGEST_ROUTE) return [];
  return (leadingTo.get(from) ?? []).filter((edge) => !chain.includes(edge));
}

interface Arrival {
  readonly actors: readonly string[];
  /** What the token that arrived holds; absent before the first exchange: whatever the edge requires. */
  readonly scopes?: readonly string[];
}

/** Goes a chain of edges from its first subject token on; `undefined` when an edge on the way does not let it pass. */
function travel(chain: readonly Way[], registrations: PolicyRegistrations): Route | undefined {
  let arrival: Arrival = { actors: [] };
  for (const edge of chain) {
    const actors = actorsAfter(edge, arrival.actors);
    const scopes = scopesAfter(edge, arrival.scopes, registrations);
    if (scopes.length === 0 || !isAllowedChain(edge, actors, registrations.clients)) return undefined;
    arrival = { actors, scopes };
  }
  const hops = chain.map(({ client, subjectAudience, target, mode, via }) => ({
    client,
    subjectAudience,
    target,
    mode,
    ...(via !== undefined && { via }),
  }));
  return { scopes: [], ...arrival, hops };
}

// an edge of impersonation does not wash away the actors of a delegation under way
function actorsAfter({ client, mode, disclose }: Edge, earlier: readonly string[]): readonly string[] {
  if (mode === 'administrative') return disclose === false ? [] : [ADMINISTRATOR];
  return mode === 'impersonation' && earlier.length === 0 ? [] : [client, ...earlier];
}

function scopesAfter(edge: Edge, held: readonly string[] | undefined, { resources }: PolicyRegistrations): string[] {
  const resource = resources.find(({ audience }) => audience === edge.target);
  return Object.entries(edge.scopes)
    .filter(
      ([scope, { requires = [] }]) =>
        resource?.scopes.includes(scope) && requires.every((one) => held?.includes(one) ?? true),
    )
    .map(([scope]) => scope);
}

function isAllowedChain(edge: Edge, actors: readonly string[], clients: readonly ClientRegistration[]): boolean {
  if (actors.length > (edge.maxDepth ?? DEFAULT_MAX_DEPTH)) return false;
  const returns = clients.some(
    ({ clientId, represents }) => actors.includes(clientId) && represents.includes(edge.target),
  );
  return edge.allowCycle === true || (!returns && new Set(actors).size === actors.length);
}

/** A route in one line: the way, as whom the subject is served at its end, and the scopes that may arrive. */
export function formatRoute({ origin, hops, actors, scopes }: Route): string {
  const exchanges = hops.map(
    ({ client, subjectAudience = NAMED_USER, via }) =>
      `${subjectAudience} (${client}${via === undefined ? '' : `, by ${via}`})`,
  );
  const way = origin ? [origin.client, origin.audience] : [...exchanges, hops.at(-1)?.target];
  return `${way.join(' → ')}: ${served(origin, actors)}; scopes: ${scopes.join(' ')}`;
}

function served(origin: Origin | undefined, actors: readonly string[]): string {
  if (origin) return origin.as === 'itself' ? 'as itself' : 'as the user who signs in';
  return actors.length === 0 ? 'as the subject, nobody acting' : `as the subject, acting: ${actors.join(' for ')}`;
}
