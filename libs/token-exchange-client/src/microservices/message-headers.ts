import { traceHeaders } from '../observability/spans.js';
import type { DownstreamAuthorizer } from '../downstream/downstream-authorizer.js';

/** What gRPC's `Metadata`, NATS' `MsgHdrs` and others have in common. */
export interface HeaderCarrier {
  /** Sets one header. */
  set(name: string, value: string): unknown;
}

/**
 * The headers that carry the exchanged token and the trace context along with a message: for Kafka and RabbitMQ, whose
 * headers are plain objects.
 * @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable; TypeError when the token is bound to a key (RFC 9449), which
 * proves itself to an HTTP method and address only
 */
export async function messageHeaders(
  { authorizer }: { readonly authorizer: DownstreamAuthorizer },
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const { token } = await authorizer.obtain(signal);
  if (token.tokenType !== 'Bearer')
    throw new TypeError('TokenExchangeModule: a token that is bound to a key cannot travel with a message');
  return { ...traceHeaders(), authorization: `Bearer ${token.token}` };
}

/** Sets {@link messageHeaders} on gRPC metadata or NATS headers, and answers with them. */
export async function carryOnBehalf<C extends HeaderCarrier>(
  client: { readonly authorizer: DownstreamAuthorizer },
  carrier: C,
  signal?: AbortSignal,
): Promise<C> {
  for (const [name, value] of Object.entries(await messageHeaders(client, signal))) carrier.set(name, value);
  return carrier;
}
