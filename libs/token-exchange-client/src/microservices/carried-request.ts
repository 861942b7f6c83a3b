import type { ExecutionContext } from '@nestjs/common';

/** What a message carries, in the form of a request: `@onbehalf/resource-server` takes {@link carriedRequest} as its `request` option. */
export interface CarriedRequest {
  readonly headers: { readonly authorization?: string; readonly traceparent?: string };
  readonly rawHeaders: readonly string[];
}

const NAMES = ['authorization', 'traceparent'] as const;
const known = new WeakMap<object, CarriedRequest>();

/**
 * The counterpart of `carryOnBehalf` and `messageHeaders` on the receiving side: finds the headers of a gRPC, NATS, Kafka or
 * RabbitMQ message. `undefined` for other contexts, and for messages without headers. Nothing is verified here.
 */
export function carriedRequest(context: ExecutionContext): CarriedRequest | undefined {
  if (context.getType() !== 'rpc') return undefined;
  const rpc: unknown = context.switchToRpc().getContext();
  if (!isObject(rpc)) return undefined;
  const found = known.get(rpc);
  if (found) return found;
  const read = readerOf(rpc);
  if (!read) return undefined;
  const pairs = NAMES.flatMap((name) => read(name).map((value) => [name, value] as const));
  const request = { headers: Object.fromEntries(pairs.toReversed()), rawHeaders: pairs.flat() };
  // one request per message: a guard keeps the verified token on it
  known.set(rpc, request);
  return request;
}

type Reader = (name: string) => readonly string[];

function readerOf(rpc: Record<string, unknown>): Reader | undefined {
  // gRPC: the context is the metadata
  if (hasMethod(rpc, 'getMap') && hasMethod(rpc, 'get')) return (name) => texts(rpc.get(name));
  // NATS
  const headers = hasMethod(rpc, 'getHeaders') ? rpc.getHeaders() : undefined;
  if (isObject(headers) && hasMethod(headers, 'values')) return (name) => texts(headers.values(name));
  // Kafka; RabbitMQ
  const message = hasMethod(rpc, 'getMessage') ? rpc.getMessage() : undefined;
  if (!isObject(message)) return undefined;
  const properties = isObject(message['properties']) ? message['properties'] : message;
  const plain = properties['headers'];
  return isObject(plain) ? (name) => (Object.hasOwn(plain, name) ? texts(plain[name]) : []) : undefined;
}

function texts(value: unknown): readonly string[] {
  return [value]
    .flat()
    .filter((one) => typeof one === 'string' || Buffer.isBuffer(one))
    .map(String);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function hasMethod<N extends string>(value: object, name: N): value is Record<N, (...values: unknown[]) => unknown> {
  return typeof (value as Record<string, unknown>)[name] === 'function';
}
