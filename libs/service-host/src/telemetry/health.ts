import type { ServerResponse } from 'node:http';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { HealthCheckService, type HealthIndicatorResult } from '@nestjs/terminus';
import { HEALTH_PATH } from './health-path.js';
import { pathOf, type Middleware } from '../requests/middleware.js';

const LIVE = `${HEALTH_PATH}/live`;
const READY = `${HEALTH_PATH}/ready`;

/** As Terminus calls it. */
const ENDING = { status: 'shutting_down' };

/** Where {@link healthEndpoints} answer. */
export const HEALTH_ENDPOINTS: readonly string[] = [LIVE, READY];

/** Something without which an app cannot serve: the keys of an issuer, a database. */
export interface ReadinessIndicator {
  /** How it stands now, under this name. */
  check(key: string): Promise<HealthIndicatorResult> | HealthIndicatorResult;
}

/** Providers of the app's modules that decide whether it is ready, by the name under which they report. */
export type ReadinessIndicators = Readonly<Record<string, Type<ReadinessIndicator>>>;

/**
 * `GET /health/live` says that the process answers, `GET /health/ready` that it can do its work and is not about to end
 * (else 503). They stand before every guard and body parser, so that an app whose keys are missing can still say so.
 */
export function healthEndpoints(
  app: INestApplicationContext,
  indicators: ReadinessIndicators,
  isEnding: () => boolean = () => false,
): Middleware {
  const ready = () => (isEnding() ? Promise.resolve(ENDING) : checkReadiness(app, indicators));
  return (request, response, next) => {
    const path = pathOf(request);
    if (!['GET', 'HEAD'].includes(request.method ?? '')) return next();
    if (path === LIVE) return send(response, 200, { status: 'ok' });
    if (path !== READY) return next();
    ready().then(
      (result) => send(response, result.status === 'ok' ? 200 : 503, result),
      () => send(response, 503, { status: 'error' }),
    );
  };
}

async function checkReadiness(
  app: INestApplicationContext,
  indicators: ReadinessIndicators,
): Promise<{ status: string }> {
  const checks = Object.entries(indicators).map(([name, indicator]) => async () => {
    return app.get<ReadinessIndicator>(indicator, { strict: false }).check(name);
  });
  try {
    return await app.get(HealthCheckService, { strict: false }).check(checks);
  } catch (error) {
    return resultOf(error);
  }
}

// Terminus throws its result when a check fails
function resultOf(error: unknown): { status: string } {
  const response: unknown = (error as { getResponse?: () => unknown }).getResponse?.();
  return typeof response === 'object' && response !== null && 'status' in response
    ? (response as { status: string })
    : { status: 'error' };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}
