import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import { OtlpCollector } from '@onbehalf/testing-internal';
import { z } from 'zod';
import { createApp, type CreatedApp } from '../start/create-app.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

@Controller()
class Things {
  @Get('thing')
  thing(): string {
    return 'done';
  }
}

@Module({ controllers: [Things] })
class ThingsModule {}

/** OpenTelemetry reads the process environment, once; so one app for all that is asked here. */
describe('spans', () => {
  const lines: string[] = [];
  let collector: OtlpCollector;
  let created: CreatedApp;
  let base: string;

  beforeAll(async () => {
    collector = await OtlpCollector.start();
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=key-of-the-collector',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    });
    const options = { name: 'things', defaultPort: 0, environment: z.object({}), module: () => ThingsModule };
    created = await createApp(options, process.env, { write: (line) => void lines.push(line) });
    const { port } = (await created.listen()).address() as AddressInfo;
    base = `http://localhost:${port}`;
  });
  beforeEach(() => {
    collector.answering = undefined;
    lines.length = 0;
  });
  afterEach(() => {
    collector.spans.length = 0;
  });
  afterAll(async () => {
    await created.close(100);
    await collector.close();
  });

  const ask = (path: string): Promise<Response> =>
    fetch(base + path, {
      headers: { traceparent: `00-${TRACE}-${PARENT}-01`, authorization: 'Bearer secret-token', cookie: 'sid=secret' },
    });

  async function until(condition: () => boolean): Promise<void> {
    const end = performance.now() + 5_000;
    while (!condition()) {
      if (performance.now() > end) throw new Error('It did not come true in time');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it('arrive at the collector that the environment names, as those of this service, in the trace of the caller', async () => {
    await ask('/thing');
    await until(() => collector.spans.length === 1);
    expect(collector.spans[0]).toMatchObject({
      traceId: TRACE,
      parentSpanId: PARENT,
      name: 'GET',
      kind: 2,
      attributes: { 'http.request.method': 'GET', 'url.path': '/thing', 'http.response.status_code': 200 },
      resource: { 'service.name': 'things', 'deployment.environment.name': 'test' },
    });
    expect(collector.requests.at(-1)?.headers['x-api-key']).toBe('key-of-the-collector');
  });

  it('hold no query, no header and no secret', async () => {
    await ask('/thing?code=secret-code&token=secret');
    await until(() => collector.spans.length === 1);
    const sent = collector.requests.map(({ body }) => body).join();
    expect(sent).toContain('/thing');
    expect(sent).not.toMatch(/secret|Bearer|\?/);
  });

  it('are lost within bounds while the collector is down, which is said once, and so is their number afterwards', async () => {
    collector.answering = () => ({ status: 503 });
    for (let request = 0; request < 30; request += 1) expect((await ask('/thing')).status).toBe(200);
    await until(() => lines.some((line) => line.includes('spans cannot be exported and are lost')));
    collector.answering = undefined;
    while (collector.spans.length === 0) await ask('/thing');
    await until(() => lines.some((line) => line.includes('spans are exported again')));
    const told = lines.map((line) => JSON.parse(line) as { msg: string; lost?: number });
    expect(told.filter(({ msg }) => msg === 'spans cannot be exported and are lost')).toHaveLength(1);
    expect(told.find(({ msg }) => msg === 'spans are exported again')?.lost).toBeGreaterThanOrEqual(5);
  });

  it('that wait are sent when the app closes', async () => {
    await ask('/thing');
    await created.close(100);
    expect(collector.spans).not.toHaveLength(0);
  });
});
