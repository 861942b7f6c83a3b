/**
 * The apps of the demo with the same host around them, the same calls between them and answers of the same size, but
 * without sessions and tokens: what is left when everything that protects the calls is taken away.
 */
import 'reflect-metadata';
import { createApp } from '@onbehalf/service-host';
import axios from 'axios';
import { z } from 'zod';
import { serving } from './controllers.ts';
import { ready } from './listening.ts';

interface Pages {
  readonly messagePage: (visitor: object, answer: object, flow: object) => string;
}
interface Flows {
  readonly flowOf: (answer: object, timing: object) => object;
}
const message = (file: string): Promise<unknown> =>
  import(new URL(`../../apps/client-app/dist/message/${file}.js`, import.meta.url).href);
const { messagePage } = (await message('message.page')) as Pages;
const { flowOf } = (await message('flow')) as Flows;
const VISITOR = { user: 'user-0', csrf: '0'.repeat(32) };
const SPAN = { startedAt: 0, duration: 1 };

const hops = z.array(
  z.object({ service: z.string(), claims: z.record(z.string(), z.unknown()), calls: z.array(z.unknown()) }),
);
const profileAnswer = z.object({ subject: z.string(), name: z.string(), hops });
const messageAnswer = z.object({ message: z.string(), hops });

/** As much as a service of the demo tells about the token of a call. */
const CLAIMS = {
  iss: 'http://localhost:9001',
  sub: 'user-0',
  aud: 'user-service',
  scope: 'user.read',
  client_id: 'client-app',
  jti: '0c2d2b1e-6d0a-4b6e-9d8a-6f1d1b7a3c55',
  iat: 1_800_000_000,
  exp: 1_800_003_600,
  auth_time: 1_800_000_000,
  amr: ['pwd'],
  act: { sub: 'message-service', act: { sub: 'user-service' } },
};
let other = '';

/** The address of the next one comes when all listen. */
process.on('message', (message: { other: string }) => (other = message.other));

const routes = {
  'api/user/message': async () => {
    const response = await fetch(`${other}/user/message`, { signal: AbortSignal.timeout(10_000) });
    const answer = messageAnswer.parse(await response.json());
    const flow = flowOf(answer, { browser: SPAN, userService: SPAN, url: other });
    return messagePage(VISITOR, answer, flow);
  },
  'user/message': async () => {
    const answer = messageAnswer.parse((await axios.get<unknown>(`${other}/message`)).data);
    return { ...answer, hops: [hop('user-service'), ...answer.hops] };
  },
  message: async () => {
    const profile = profileAnswer.parse((await axios.get<unknown>(`${other}/user/profile`)).data);
    const message = `Hello ${profile.name}! message-service kept this for you, and you took it yourself.`;
    return { message, hops: [hop('message-service'), ...profile.hops] };
  },
  'user/profile': () => ({ subject: 'user-0', name: 'user-0', hops: [hop('user-service')] }),
};
const host = await createApp(
  { name: 'direct', defaultPort: 0, environment: z.object({}), module: () => serving(routes) },
  { PORT: '0' },
);
ready(await host.listen());

function hop(service: string): z.infer<typeof hops>[number] {
  return { service, claims: CLAIMS, calls: [] };
}
