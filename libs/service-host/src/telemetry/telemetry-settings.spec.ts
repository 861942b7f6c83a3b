import { describe, expect, it } from '@jest/globals';
import { readEnvironment, type EnvironmentSource } from '../start/environment.js';
import { isExported, telemetrySettings, type Signal } from './telemetry-settings.js';

const exported = (signal: Signal, source: EnvironmentSource): boolean =>
  isExported(signal, readEnvironment(telemetrySettings, source));

const ENDPOINT = 'http://localhost:4318';

describe('what is exported', () => {
  it.each<[string, EnvironmentSource, { TRACES: boolean; LOGS: boolean }]>([
    ['nothing is set', {}, { TRACES: false, LOGS: false }],
    ['the endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, { TRACES: false, LOGS: false }],
    ['one endpoint serves all', { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, { TRACES: true, LOGS: true }],
    ['traces have one', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ENDPOINT }, { TRACES: true, LOGS: false }],
    ['logs have one', { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: ENDPOINT }, { TRACES: false, LOGS: true }],
    [
      'logs are excepted',
      { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_LOGS_EXPORTER: 'none' },
      { TRACES: true, LOGS: false },
    ],
    [
      'the SDK is disabled',
      { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_SDK_DISABLED: 'true' },
      { TRACES: false, LOGS: false },
    ],
    [
      'only traces speak JSON',
      {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ENDPOINT,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      },
      { TRACES: true, LOGS: false },
    ],
  ])('when %s', (_case, source, expected) => {
    expect({ TRACES: exported('TRACES', source), LOGS: exported('LOGS', source) }).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'an absolute http or https URL'],
    ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', '/v1/logs', 'an absolute http or https URL'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/json'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf', 'http/json'],
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'otlp or none'],
    ['OTEL_SDK_DISABLED', 'yes', 'true or false'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', 'milliseconds, a whole number above 0'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'brotli', 'gzip or none'],
  ])('%s=%s stops the start with one line', (name, value, accepted) => {
    const source = { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, [name]: value };
    expect(() => exported('TRACES', source)).toThrow(
      expect.objectContaining({ setting: name, given: value, accepted }),
    );
  });
});
