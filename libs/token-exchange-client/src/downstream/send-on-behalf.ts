import type { DownstreamAuthorizer } from './downstream-authorizer.js';
import { parseBearerChallenge } from './bearer-challenge.js';

/** The little that must be known of an answer. */
export interface AnswerView {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

export interface OutgoingCall<A> {
  readonly method: string;
  readonly url: URL;
  readonly signal?: AbortSignal;
  /** Whether the body can be sent a second time. */
  readonly repeatable: boolean;
  /** Sends once, with these credentials. */
  readonly send: (headers: Readonly<Record<string, string>>) => Promise<A>;
  readonly view: (answer: A) => AnswerView;
}

/**
 * Sends a call with an exchanged token. A 401 ends the reuse of that token; if it came from the cache, the call is sent once
 * more with a new one, since a resource that answers 401 has not done the work. The subject token is never sent.
 */
export async function sendOnBehalf<A>(authorizer: DownstreamAuthorizer, call: OutgoingCall<A>): Promise<A> {
  let nonceTried = false;
  let renewed = false;
  for (;;) {
    const authorization = await authorizer.authorize(call.method, call.url, call.signal);
    const answer = await call.send(authorization.headers);
    const { status, header } = call.view(answer);
    const fresh = authorizer.learnNonce(call.url, header('dpop-nonce'));
    if (status !== 401) return answer;
    const { error, stepUp } = parseBearerChallenge(header('www-authenticate'));
    // a new token would have the same authentication behind it (RFC 9470 §5)
    if (stepUp) return answer;
    if (error === 'use_dpop_nonce') {
      if (!fresh || nonceTried || !call.repeatable) return answer;
      nonceTried = true;
      continue;
    }
    await authorizer.refused(authorization);
    if (renewed || authorization.obtained.origin === 'exchanged' || !call.repeatable) return answer;
    renewed = true;
  }
}
