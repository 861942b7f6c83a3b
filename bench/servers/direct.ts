/** The two services of the demo with the same host around them and the same calls between them, but no tokens. */
import 'reflect-metadata';
import { createApp } from '@onbehalf/service-host';
import axios from 'axios';
import { z } from 'zod';
import { serving } from './controllers.ts';

const answers = z.object({ message: z.string().optional(), name: z.string().optional() });
let other = '';

/** The address of the other one comes when both listen. */
process.on('message', (message: { other: string }) => (other = message.other));

const routes = {
  'user/message': () => ask('/message'),
  message: async () => ({ message: `Hello ${(await ask('/user/profile')).name}!` }),
  'user/profile': () => ({ subject: 'user-0', name: 'User' }),
};
const host = await createApp(
  { name: 'direct', defaultPort: 0, environment: z.object({}), module: () => serving(routes) },
  { PORT: '0' },
);
const address = (await host.listen()).address() as { port: number };
process.send?.({ port: address.port });

async function ask(path: string): Promise<z.infer<typeof answers>> {
  return answers.parse((await axios.get<unknown>(other + path)).data);
}
