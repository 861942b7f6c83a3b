import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpanKind, type Span } from '@opentelemetry/api';
import type { CircuitBreaker, Outcome } from '../exchange/circuit-breaker.js';
import { parseRetryAfter } from '../exchange/retry-after.js';
import { inSpan, traceHeaders } from '../observability/spans.js';
import { parseBearerChallenge } from './bearer-challenge.js';
import { isConnectionFailure, speaksOfService } from './connection-failure.js';
import { startDeadline, type Deadline } from './deadline.js';
import type { Authorization, DownstreamAuthorizer } from './downstream-authorizer.js';
import { DownstreamRefused, DownstreamUnavailable } from './downstream-errors.js';
import { isReplayable } from './request-body.js';

/** Milliseconds that a call may take unless configured. */
const DEFAULT_TIMEOUT = 10_000;
/** Methods without effect on the server, which may be sent a second time. RFC 9110 §9.2.1. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Milliseconds; a second attempt after a failure comes after a random part of it. */
const MAX_JITTER = 200;

/** A downstream service: where its calls get their tokens, and whether it is left alone at present. */
export interface Downstream {
  readonly authorizer: DownstreamAuthorizer;
  readonly breaker: CircuitBreaker;
}

/** The little that must be known of an answer. */
export interface AnswerView {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

export interface OutgoingCall<A> {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole call; default: the definition's. */
  readonly timeout?: number;
  /** Sends once, with these headers. */
  readonly send: (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<A>;
  readonly view: (answer: A) => AnswerView;
  /** Gives up an answer that nobody will read. */
  readonly discard: (answer: A) => unknown;
  /** The caller goes on to read the answer, under the same deadline. */
  readonly unread?: (answer: A) => boolean;
}

/** Why a call is sent again; for each reason once. */
type Repeat = 'failure' | 'nonce' | 'renewal';

/**
 * Sends a call with an exchanged token, all of it within one deadline. It is sent again at most once for each of these: a safe
 * call after a failed connection, 502 or 503; a 401 that asks for a nonce (RFC 9449 §9); a 401 for a token from the cache, with
 * a new one, since a resource that answers 401 has not done the work. The subject token is never sent.
 * @throws DownstreamUnavailable `timeout` and `resting`; DownstreamRefused for a 401 to a body that cannot be sent again
 */
export function sendOnBehalf<A>(downstream: Downstream, call: OutgoingCall<A>): Promise<A> {
  const { definition, mode } = downstream.authorizer;
  const attributes = {
    'http.request.method': call.method,
    'server.address': call.url.hostname,
    'onbehalf.downstream': definition.name,
    'onbehalf.mode': mode,
  };
  return inSpan(`${call.method} ${definition.name}`, SpanKind.CLIENT, attributes, async (span) => {
    const { name, timeout = DEFAULT_TIMEOUT } = definition;
    const late = (): Error => new DownstreamUnavailable(name, 'timeout');
    const deadline = startDeadline(call.timeout ?? timeout, late, call.signal);
    let unread = false;
    try {
      const answer = await new Sending(downstream, call, deadline, span).run();
      unread = call.unread?.(answer) ?? false;
      return answer;
    } catch (error) {
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    } finally {
      if (!unread) deadline.clear();
    }
  });
}

/** One call, from its first attempt to its last. */
class Sending<A> {
  readonly #downstream: Downstream;
  readonly #call: OutgoingCall<A>;
  readonly #deadline: Deadline;
  readonly #span: Span;
  readonly #repeats = new Set<Repeat>();

  constructor(downstream: Downstream, call: OutgoingCall<A>, deadline: Deadline, span: Span) {
    this.#downstream = downstream;
    this.#call = call;
    this.#deadline = deadline;
    this.#span = span;
  }

  async run(): Promise<A> {
    for (;;) {
      try {
        const { answer, repeat } = await this.#attempt();
        if (!repeat || !this.#mayRepeat(repeat)) return answer;
        await this.#call.discard(answer);
        if (repeat === 'failure') await this.#pause();
      } catch (error) {
        if (!isConnectionFailure(error) || !this.#isSafe || !this.#mayRepeat('failure')) throw error;
        await this.#pause();
      }
    }
  }

  async #attempt(): Promise<{ readonly answer: A; readonly repeat: Repeat | undefined }> {
    const { breaker, authorizer } = this.#downstream;
    const passage = breaker.enter();
    if ('wait' in passage) {
      throw new DownstreamUnavailable(authorizer.definition.name, 'resting', undefined, passage.wait);
    }
    // an exchange that fails says nothing about the service
    let outcome: Outcome = 'abandoned';
    let began: number | undefined;
    try {
      const { method, url, send, view } = this.#call;
      const authorization = await authorizer.authorize(method, url, this.#deadline.signal);
      began = performance.now();
      const answer = await send({ ...traceHeaders(), ...authorization.headers }, this.#deadline.signal);
      const { status } = view(answer);
      this.#span.setAttribute('http.response.status_code', status);
      outcome = status >= 500 ? 'failure' : 'success';
      return { answer, repeat: await this.#reasonToRepeat(answer, authorization) };
    } catch (error) {
      if (began !== undefined && this.#blames(error, began)) outcome = 'failure';
      throw error;
    } finally {
      passage.record(outcome);
    }
  }

  /** Whether the service is to blame for an attempt without an answer. */
  #blames(error: unknown, began: number): boolean {
    if (!this.#deadline.signal.aborted) return speaksOfService(error, this.#call.body);
    // a caller in a hurry, or an exchange that took its time, leave the service no fair chance
    const { timeout = DEFAULT_TIMEOUT } = this.#downstream.authorizer.definition;
    return this.#deadline.missed() && performance.now() - began >= timeout / 2;
  }

  async #reasonToRepeat(answer: A, authorization: Authorization): Promise<Repeat | undefined> {
    const { authorizer, breaker } = this.#downstream;
    const { status, header } = this.#call.view(answer);
    const fresh = authorizer.learnNonce(this.#call.url, header('dpop-nonce'));
    const retryAfter = parseRetryAfter(header('retry-after'));
    // a 503 speaks of the service, a 429 of this one caller
    if (status === 503 && retryAfter !== undefined) breaker.rest(retryAfter);
    if (status === 502 || status === 503) return this.#isSafe && retryAfter === undefined ? 'failure' : undefined;
    if (status !== 401) return undefined;
    const challenge = parseBearerChallenge(header('www-authenticate'));
    const repeat = await this.#reasonToRenew(challenge, authorization, fresh);
    if (isReplayable(this.#call.body)) return repeat;
    await this.#call.discard(answer);
    throw new DownstreamRefused({ service: authorizer.definition.name, status, ...challenge });
  }

  async #reasonToRenew(
    { error, stepUp }: ReturnType<typeof parseBearerChallenge>,
    authorization: Authorization,
    fresh: boolean,
  ): Promise<Repeat | undefined> {
    // a new token would have the same authentication behind it (RFC 9470 §5)
    if (stepUp) return undefined;
    if (error === 'use_dpop_nonce') return fresh ? 'nonce' : undefined;
    await this.#downstream.authorizer.refused(authorization);
    return authorization.obtained.origin === 'exchanged' ? undefined : 'renewal';
  }

  #mayRepeat(repeat: Repeat): boolean {
    if (this.#repeats.has(repeat) || !isReplayable(this.#call.body)) return false;
    this.#repeats.add(repeat);
    return true;
  }

  #pause(): Promise<void> {
    return sleep(Math.random() * MAX_JITTER, undefined, { signal: this.#deadline.signal });
  }

  get #isSafe(): boolean {
    return SAFE.has(this.#call.method);
  }
}
