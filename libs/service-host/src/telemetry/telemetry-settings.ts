import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { z } from 'zod';

/** What OpenTelemetry's exporters here speak. */
const PROTOCOL = 'http/json';

/** What can be exported. */
export type Signal = 'TRACES' | 'LOGS';

const endpoint = z.url({ protocol: /^https?$/, error: 'an absolute http or https URL' }).optional();
const exporter = z.enum(['otlp', 'none'], 'otlp or none').optional();
const compression = z.enum(['gzip', 'none'], 'gzip or none').optional();
const milliseconds = z
  .string()
  .regex(/^[1-9]\d*$/, 'milliseconds, a whole number above 0')
  .optional();

/**
 * Those of OpenTelemetry's standard variables that the SDK would only warn of when they are wrong. It reads them itself, as
 * it does those that are not named here (headers, certificates, sampler, sizes of batches).
 */
export const telemetrySettings = z.object({
  OTEL_SDK_DISABLED: z.enum(['true', 'false'], 'true or false').optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_TRACES_EXPORTER: exporter,
  OTEL_LOGS_EXPORTER: exporter,
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_COMPRESSION: compression,
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: compression,
  OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: compression,
  OTEL_BLRP_SCHEDULE_DELAY: milliseconds,
  OTEL_EXPORTER_OTLP_TIMEOUT: milliseconds,
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: milliseconds,
  OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: milliseconds,
});

/** Where telemetry goes, if anywhere. */
export type TelemetrySettings = z.output<typeof telemetrySettings>;

/**
 * Whether a signal is exported: only where an endpoint is named.
 * @throws ConfigurationError for a protocol that is not spoken
 */
export function isExported(signal: Signal, settings: TelemetrySettings): boolean {
  const own = settings[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] ?? settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  const off = settings.OTEL_SDK_DISABLED === 'true' || settings[`OTEL_${signal}_EXPORTER`] === 'none';
  if (off || own === undefined) return false;
  checkProtocol(signal, settings);
  return true;
}

function checkProtocol(signal: Signal, settings: TelemetrySettings): void {
  const names = [`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const;
  const name = names.find((each) => settings[each] !== undefined);
  if (name && settings[name] !== PROTOCOL) throw new ConfigurationError(name, settings[name], PROTOCOL);
}
