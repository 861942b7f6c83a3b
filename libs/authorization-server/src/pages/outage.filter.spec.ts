import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { Controller, Get, HttpException, Module, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import { OutageFilter } from './outage.filter.js';

const failures: Record<string, Error> = {
  outage: Object.assign(new Error('connect 10.0.0.1'), { retryAfter: 2 }),
  mistake: new Error('a mistake'),
  refusal: new HttpException({ error: 'invalid_request' }, 400, {
    cause: Object.assign(new Error(), { retryAfter: 2 }),
  }),
};

@Controller()
class Failing {
  @Get('outage')
  outage(): never {
    throw failures['outage']!;
  }

  @Get('mistake')
  mistake(): never {
    throw failures['mistake']!;
  }

  @Get('refusal')
  refusal(): never {
    throw failures['refusal']!;
  }
}

@Module({ controllers: [Failing], providers: [{ provide: APP_FILTER, useClass: OutageFilter }] })
class FailingModule {}

describe('a controller that fails', () => {
  let app: INestApplication;
  let base: string;

  beforeAll(async () => {
    app = await NestFactory.create(FailingModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    base = `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}`;
  });

  afterAll(() => app.close());

  it('because something is out of reach answers 503, when to come again, and nothing of why', async () => {
    const answer = await fetch(`${base}/outage`);
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('cache-control')]).toEqual([
      503,
      '2',
      'no-store',
    ]);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ error: 'temporarily_unavailable' });
    expect(text).not.toContain('10.0.0.1');
  });

  it('tells a browser in a page', async () => {
    const answer = await fetch(`${base}/outage`, { headers: { accept: 'text/html' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await answer.text()).toContain('<h1>Please try again</h1>');
  });

  it.each([
    ['mistake', 500],
    ['refusal', 400],
  ])('by a %s answers %i, as ever', async (path, status) => {
    const answer = await fetch(`${base}/${path}`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, null]);
  });
});
