/** An app as `main.ts` starts one. It waits for its parent before it is loaded, and again in the middle of its start. */
import { once } from 'node:events';
import process from 'node:process';
import { holdSignals } from '@onbehalf/service-host/signals';

const [answersHangUp] = process.argv.slice(2);

async function reach(stage) {
  process.send(stage);
  await once(process, 'message');
}

holdSignals();
await reach('held');
await import('reflect-metadata');
const { startApp } = await import('@onbehalf/service-host');
const { z } = await import('zod');

class SlowModule {
  static made() {
    const slow = { provide: 'slow', useFactory: () => reach('starting') };
    return { module: SlowModule, providers: [slow] };
  }

  onApplicationShutdown() {
    process.send('closed');
  }
}

await startApp({
  name: 'slow',
  defaultPort: 0,
  environment: z.object({}),
  module: () => SlowModule.made(),
  ...(answersHangUp && { onHangUp: async () => process.send('hung up') }),
});
process.send('listening');
