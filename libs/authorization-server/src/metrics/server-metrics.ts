import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds: an exchange takes about one millisecond, a database that pauses takes its time-out. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** A query of the store, as the store reports it. */
export interface StoreQuery {
  readonly milliseconds: number;
  readonly failed: boolean;
}

/**
 * What this process counts and measures, in the format of Prometheus. Labels are registered names and fixed words only, so
 * that no caller can make up series.
 */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #registers = { registers: [this.#registry] };

  /** Token exchange requests by client, target and outcome. */
  readonly exchanges = new Counter({
    name: 'onbehalf_token_exchanges_total',
    help: 'Token exchange requests by client, target and outcome (issued, rejected, failed)',
    labelNames: ['client', 'target', 'outcome'] as const,
    ...this.#registers,
  });

  readonly exchangeDuration = new Histogram({
    name: 'onbehalf_token_exchange_duration_seconds',
    help: 'Time from the authenticated token exchange request to its outcome, the audit record included',
    labelNames: ['outcome'] as const,
    buckets: BUCKETS,
    ...this.#registers,
  });

  readonly requestDuration = new Histogram({
    name: 'onbehalf_http_request_duration_seconds',
    help: 'Time that protocol endpoints take to answer, by endpoint and status',
    labelNames: ['endpoint', 'status'] as const,
    buckets: BUCKETS,
    ...this.#registers,
  });

  /** What else is on record: logins, grants, revocations and the like. */
  readonly auditEvents = new Counter({
    name: 'onbehalf_audit_events_total',
    help: 'Events on record other than token exchanges and changes of keys and registrations, by type and outcome',
    labelNames: ['type', 'outcome'] as const,
    ...this.#registers,
  });

  /** Requests of callers that nobody knows; few of them are recorded one by one. */
  readonly unknownRefused = new Counter({
    name: 'onbehalf_unknown_callers_refused_total',
    help: 'Requests of clients and people that did not authenticate and were refused, by what they asked for',
    labelNames: ['requested'] as const,
    ...this.#registers,
  });

  /** How often the configuration file was read again while the server ran. */
  readonly reloads = new Counter({
    name: 'onbehalf_configuration_reloads_total',
    help: 'How often the configuration file was read again, by outcome (accepted, refused)',
    labelNames: ['outcome'] as const,
    ...this.#registers,
  });

  /** Requests that were refused because the server was busy. */
  readonly overload = new Counter({
    name: 'onbehalf_http_requests_shed_total',
    help: 'Requests that were refused with 503 because as many as may be were under way',
    ...this.#registers,
  });

  /** Requests and logins that were refused because there were too many of them. */
  readonly limited = new Counter({
    name: 'onbehalf_rate_limited_total',
    help: 'Requests and logins that were refused with 429, by the limit that they exceeded (login, token, authorization, me)',
    labelNames: ['limit'] as const,
    ...this.#registers,
  });

  readonly #queryDuration = new Histogram({
    name: 'onbehalf_store_query_duration_seconds',
    help: 'Time that queries of the store take, by result (ok, failed)',
    labelNames: ['result'] as const,
    buckets: BUCKETS,
    ...this.#registers,
  });

  constructor() {
    // counts from here on
    ofProcess();
  }

  /** Is given to the store, which calls it for each query. */
  readonly observeQuery = ({ milliseconds, failed }: StoreQuery): void => {
    this.#queryDuration.observe({ result: failed ? 'failed' : 'ok' }, milliseconds / 1000);
  };

  /**
   * A value that is read at each scrape; while that fails, it is left out.
   * @param read values by the one label
   */
  gauge(name: string, help: string, label: string, read: () => Promise<ReadonlyMap<string, number>>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      ...this.#registers,
      async collect() {
        this.reset();
        const values = await read().catch(() => new Map<string, number>());
        for (const [value, number] of values) this.set({ [label]: value }, number);
      },
    });
  }

  /** What somebody else counts: read at each scrape, by the one label. */
  total(name: string, help: string, label: string, read: () => ReadonlyMap<string, number>): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      ...this.#registers,
      collect() {
        this.reset();
        for (const [value, number] of read()) this.inc({ [label]: value }, number);
      },
    });
  }

  /** Something to be counted. Returns what adds to it. */
  counter(name: string, help: string): (count: number) => void {
    const counter = new Counter({ name, help, ...this.#registers });
    return (count) => counter.inc(count);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, as Prometheus reads it. */
  expose(): Promise<string> {
    return Registry.merge([this.#registry, ofProcess()]).metrics();
  }
}

let processRegistry: Registry | undefined;

/** What Node.js tells of this process: once for all servers in it, since its observers outlive whoever has begun them. */
function ofProcess(): Registry {
  if (processRegistry) return processRegistry;
  processRegistry = new Registry();
  collectDefaultMetrics({ register: processRegistry });
  return processRegistry;
}
