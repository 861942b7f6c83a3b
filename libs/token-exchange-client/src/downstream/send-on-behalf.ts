import { SpanKind, type Span } from '@opentelemetry/api';
import { inSpan, traceHeaders } from '../observability/spans.js';
import { parseBearerChallenge } from './bearer-challenge.js';
import type { DownstreamAuthorizer } from './downstream-authorizer.js';

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
  /** Sends once, with these headers. */
  readonly send: (headers: Readonly<Record<string, string>>) => Promise<A>;
  readonly view: (answer: A) => AnswerView;
  /** Gives up an answer that nobody will read. */
  readonly discard?: (answer: A) => unknown;
}

/**
 * Sends a call with an exchanged token. A 401 ends the reuse of that token; if it came from the cache, the call is sent once
 * more with a new one, since a resource that answers 401 has not done the work. The subject token is never sent.
 */
export function sendOnBehalf<A>(authorizer: DownstreamAuthorizer, call: OutgoingCall<A>): Promise<A> {
  const { name } = authorizer.definition;
  const attributes = {
    'http.request.method': call.method,
    'server.address': call.url.hostname,
    'onbehalf.downstream': name,
    'onbehalf.mode': authorizer.mode,
  };
  return inSpan(`${call.method} ${name}`, SpanKind.CLIENT, attributes, (span) => send(authorizer, call, span));
}

async function send<A>(authorizer: DownstreamAuthorizer, call: OutgoingCall<A>, span: Span): Promise<A> {
  let nonceTried = false;
  let renewed = false;
  for (;;) {
    const authorization = await authorizer.authorize(call.method, call.url, call.signal);
    const answer = await call.send({ ...traceHeaders(), ...authorization.headers });
    const { status, header } = call.view(answer);
    if (status > 0) span.setAttribute('http.response.status_code', status);
    const fresh = authorizer.proves && authorizer.learnNonce(call.url, header('dpop-nonce'));
    if (status !== 401) return answer;
    const { error, stepUp } = parseBearerChallenge(header('www-authenticate'));
    // a new token would have the same authentication behind it (RFC 9470 §5)
    if (stepUp) return answer;
    if (error === 'use_dpop_nonce') {
      if (!fresh || nonceTried || !call.repeatable) return answer;
      nonceTried = true;
    } else {
      await authorizer.refused(authorization);
      if (renewed || authorization.obtained.origin === 'exchanged' || !call.repeatable) return answer;
      renewed = true;
    }
    await call.discard?.(answer);
  }
}
