import { startTestServer, type Answering, type TestServer } from '@onbehalf/testing';

type Value = string | number | boolean | readonly Value[] | undefined;

/** A span or a log record as it arrived, with its attributes by name. */
interface Arrived {
  readonly attributes: Readonly<Record<string, Value>>;
  /** Attributes of who sent it, such as `service.name`. */
  readonly resource: Readonly<Record<string, Value>>;
  readonly scope: string;
  readonly traceId?: string;
  readonly spanId?: string;
}

export interface CollectedSpan extends Arrived {
  readonly name: string;
  readonly kind: number;
  readonly parentSpanId?: string;
}

export interface CollectedLog extends Arrived {
  readonly eventName?: string;
  readonly timeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body?: Value;
}

/** A small OpenTelemetry collector: takes OTLP over HTTP as JSON, and keeps what it is given. */
export class OtlpCollector {
  readonly spans: CollectedSpan[] = [];
  readonly logs: CollectedLog[] = [];
  /** What it answers instead, such as 503; what it is sent then is not kept. */
  answering: Answering | undefined;
  readonly #server: TestServer;

  private constructor(server: TestServer) {
    this.#server = server;
    server.answering = (request) => {
      if (this.answering) return this.answering(request);
      this.#keep(request.path, JSON.parse(request.body) as Export);
      return { body: {} };
    };
  }

  /** @param port a free one unless told */
  static async start(port = 0): Promise<OtlpCollector> {
    return new OtlpCollector(await startTestServer(() => ({}), { port }));
  }

  get url(): string {
    return this.#server.url;
  }

  get port(): number {
    return this.#server.port;
  }

  /** Every request so far, as it came over the wire. */
  get requests(): TestServer['requests'] {
    return this.#server.requests;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #keep(path: string, { resourceSpans = [], resourceLogs = [] }: Export): void {
    if (!['/v1/traces', '/v1/logs'].includes(path)) throw new Error(`unexpected path ${path}`);
    for (const { resource, scopeSpans = [], scopeLogs = [] } of [...resourceSpans, ...resourceLogs]) {
      const from = { resource: byName(resource.attributes) };
      for (const { scope, spans = [], logRecords = [] } of [...scopeSpans, ...scopeLogs]) {
        const told = { ...from, scope: scope.name };
        for (const span of spans) this.spans.push({ ...span, ...told, attributes: byName(span.attributes) });
        for (const log of logRecords) {
          this.logs.push({ ...log, ...told, body: valueOf(log.body), attributes: byName(log.attributes) });
        }
      }
    }
  }
}

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
interface Export {
  readonly resourceSpans?: readonly ResourceItems[];
  readonly resourceLogs?: readonly ResourceItems[];
}

interface ResourceItems {
  readonly resource: { readonly attributes: readonly Attribute[] };
  readonly scopeSpans?: readonly ScopeItems[];
  readonly scopeLogs?: readonly ScopeItems[];
}

interface ScopeItems {
  readonly scope: { readonly name: string };
  readonly spans?: readonly (Omit<CollectedSpan, 'attributes'> & { readonly attributes: readonly Attribute[] })[];
  readonly logRecords?: readonly (Omit<CollectedLog, 'attributes' | 'body'> & {
    readonly attributes: readonly Attribute[];
    readonly body?: AnyValue;
  })[];
}

interface Attribute {
  readonly key: string;
  readonly value: AnyValue;
}

interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly AnyValue[] };
}

function byName(attributes: readonly Attribute[]): Record<string, Value> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: AnyValue | undefined): Value {
  if (value?.intValue !== undefined) return Number(value.intValue);
  if (value?.arrayValue) return value.arrayValue.values.map(valueOf);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue;
}
