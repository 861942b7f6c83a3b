import type { AuditField } from '@onbehalf/authorization-ports';
import { RecordsRefused, type AuditReceiver, type ForwardedRecord } from '@onbehalf/authorization-store';
import { serviceResource } from '@onbehalf/service-host';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { auditLogRecord } from './audit-log-record.js';

/** The collector has read the request and will not take it: bad data, or too much of it. */
const REFUSALS = [400, 413];

/** An OpenTelemetry collector as the receiver of the audit trail. The exporter finds it by the standard variables. */
export class OtlpAuditReceiver implements AuditReceiver {
  readonly #exporter = new OTLPLogExporter();
  readonly #resource;
  readonly #declared: readonly AuditField[];

  /**
   * @param service whose records these are, unless OTEL_SERVICE_NAME says so
   * @param declared members of records that become attributes beside those that all have
   */
  constructor(service: string, declared: readonly AuditField[] = []) {
    this.#declared = declared;
    this.#resource = serviceResource(service);
  }

  accept(records: readonly ForwardedRecord[]): Promise<void> {
    const now = Date.now();
    const logs = records.map((record) => auditLogRecord(record, this.#resource, now, this.#declared));
    return new Promise((resolve, reject) => {
      this.#exporter.export(logs, ({ code, error }) => {
        if (code === ExportResultCode.SUCCESS) resolve();
        else reject(failure(error));
      });
    });
  }
}

/** Without what the collector has answered, which may repeat what it was sent. */
function failure(error: (Error & { code?: unknown }) | undefined): Error {
  const code = error?.code;
  const message = [code, error?.message].filter((part) => part !== undefined && part !== '').join(' ');
  return REFUSALS.some((refusal) => refusal === code) ? new RecordsRefused(message) : new Error(message);
}
