import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type TracerConfig,
} from '@opentelemetry/sdk-trace-node';
import type { Logger } from 'pino';
import { serviceResource } from './service-resource.js';

/** Sends spans in batches, in the background; while the collector is down those beyond the queue are dropped. */
export function exportingTracer(app: string, logger: Logger): TracerConfig {
  const exporter = new OutspokenExporter(new OTLPTraceExporter(), logger);
  return { resource: serviceResource(app), spanProcessors: [new BatchSpanProcessor(exporter)] };
}

/** Says once when spans begin to be lost, and once, with their number, when they no longer are. */
class OutspokenExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #logger: Logger;
  #lost = 0;

  constructor(exporter: SpanExporter, logger: Logger) {
    this.#exporter = exporter;
    this.#logger = logger;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, ({ code, error }) => {
      if (code === ExportResultCode.SUCCESS) this.#arrived();
      else this.#failed(spans.length, error);
      // it has been told: the processor would do so for each batch, with all that the collector has answered
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #arrived(): void {
    if (this.#lost > 0) this.#logger.info({ lost: this.#lost }, 'spans are exported again');
    this.#lost = 0;
  }

  #failed(count: number, error: Error | undefined): void {
    if (this.#lost === 0) this.#logger.warn({ reason: error?.message }, 'spans cannot be exported and are lost');
    this.#lost += count;
  }
}
