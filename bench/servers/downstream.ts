/** A Nest application that calls a downstream service: by its client with a warm cache, or by axios with a fixed header. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  downstreamToken,
  onBehalfOf,
  TokenExchangeModule,
  type DownstreamClient,
} from '@onbehalf/token-exchange-client';
import axios from 'axios';
import { serving } from './controllers.ts';
import { listening } from './listening.ts';

const { ISSUER, SECRET, TARGET, SUBJECT_TOKEN, CALLS } = process.env as Record<string, string>;
const plain = axios.create({ baseURL: TARGET!, headers: { authorization: `Bearer ${SUBJECT_TOKEN}` } });

const imports = [
  TokenExchangeModule.forRoot({
    issuer: ISSUER!,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: SECRET! },
  }),
  TokenExchangeModule.forFeature([
    { name: 'echo', audience: 'message-service', scope: 'message.read', baseUrl: TARGET! },
  ]),
];
const routes = {
  fixed: () => repeat(async () => (await plain.get<object>('/echo')).data),
  exchanged: (): Promise<object> => onBehalfOf(SUBJECT_TOKEN!, () => repeat(() => client.get<object>('/echo'))),
};
const app = await NestFactory.create<NestExpressApplication>(serving(routes, imports), { logger: false });
await app.init();
const client = app.get<DownstreamClient>(downstreamToken('echo'), { strict: false });
await listening(app.getHttpServer());

/** Several calls for one request, so that the request itself weighs little. */
async function repeat(call: () => Promise<object>): Promise<object> {
  const answers: object[] = [];
  for (let left = Number(CALLS); left > 0; left -= 1) answers.push(await call());
  return { answers };
}
