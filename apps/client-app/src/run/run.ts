/** A header, a parameter: its name and its value, without tokens and secrets. */
export type Pair = readonly [name: string, value: string];

/** A token as it may be shown: header and claims; the signature, without which it opens nothing, is cut. */
export interface TokenView {
  /** Such as `Token A`. */
  readonly name: string;
  /** Stands for it in requests, such as `$TOKEN_A`. */
  readonly placeholder: string;
  /** Empty when it is not known. */
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Pair[];
  readonly form?: readonly Pair[];
}

export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: readonly Pair[];
  readonly body: string;
}

/** What may be granted at most. */
export interface Limits {
  readonly scopes?: readonly string[] | undefined;
  /** Seconds since the epoch. */
  readonly expiresAt?: number | undefined;
}

/** A rule that narrowed something, or, without `after`, the one that refused. */
export interface DecisionStep {
  readonly rule: string;
  readonly before: Limits;
  readonly after?: Limits | undefined;
}

/** What the authorization server has written down of one request for a token. */
export interface AuditRecord {
  /** ISO 8601 */
  readonly at: string;
  readonly outcome: string;
  readonly client: string;
  readonly subject?: string | undefined;
  readonly kind?: string | undefined;
  /** The current actor first. */
  readonly actors: readonly string[];
  readonly targets: readonly string[];
  readonly scopesRequested?: readonly string[] | undefined;
  readonly scopesGranted?: readonly string[] | undefined;
  readonly statedReason?: string | undefined;
  readonly refusal?: { readonly rule: string; readonly error: string; readonly reason: string } | undefined;
  /** How policy came to its decision; absent when there was none to come to. */
  readonly decision?: { readonly edges: readonly string[]; readonly steps: readonly DecisionStep[] } | undefined;
  /** The hash of the record in the chain of records, base64url. */
  readonly receipt?: string | undefined;
  readonly traceId?: string | undefined;
  readonly tokenId?: string | undefined;
  /** In a sentence, where the server tells one. */
  readonly sentence?: string | undefined;
}

/** A request that one party sent to another, and what became of it. */
export interface Message {
  readonly from: string;
  readonly to: string;
  /** What it is for, in a few words. */
  readonly what: string;
  /** Milliseconds since the run began. */
  readonly startedAt: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly request?: SentRequest;
  readonly answer?: ReceivedAnswer;
  /** Why there is no answer. */
  readonly failure?: string;
  /** The name of the token that it presented. */
  readonly presented?: string;
  /** The name of the token that it brought back. */
  readonly issued?: string;
  /** What more is known of it, such as that the token came from a cache. */
  readonly note?: string;
  readonly record?: AuditRecord;
}

/** `wrong`: how it should not be done; `right`: how it should be; `guarded`: a wrong one that must be refused. */
export type Way = 'wrong' | 'right' | 'guarded' | 'compared';

/** Where a link leads. */
export interface Action {
  readonly label: string;
  readonly href: string;
}

/** One way to do something, from its first request to its last. */
export interface Track {
  readonly title: string;
  readonly way: Way;
  /** What the last answer was; `failed`: it shows nothing, for something that it needs was out of reach. */
  readonly outcome: 'accepted' | 'refused' | 'failed';
  /** What it shows, told after it has happened. */
  readonly lesson: string;
  /** What the last service saw, or what else is worth to be put side by side. */
  readonly seen: readonly Pair[];
  /** What the user can do about it. */
  readonly action?: Action;
  readonly messages: readonly Message[];
}

/** What happened when somebody pressed a button. It holds no token and no secret. */
export interface Run {
  readonly id: string;
  readonly card: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly traceId?: string | undefined;
  readonly tracks: readonly Track[];
  readonly tokens: readonly TokenView[];
}
