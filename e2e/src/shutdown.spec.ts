import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { APPS, System } from '../../tools/system.ts';

const CLIENTS = 16;

describe('SIGTERM under load', () => {
  let system: System;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up();
  }, 60_000);

  afterAll(() => system.down(), 60_000);

  it.each(APPS.toReversed())(
    '%s resets no request that it has taken, refuses further ones, and ends with 0 within 10 s',
    async (name) => {
      const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
      const outcomes = new Map<string, number>();
      let isStopping = false;
      const load = Array.from({ length: CLIENTS }, async () => {
        for (;;) {
          const outcome = await ask(`${system.url(name)}/health/live`, agent);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          if (isStopping && outcome !== '200') return;
        }
      });
      await sleep(300);
      isStopping = true;
      const started = performance.now();
      expect(await system.app(name).stop('SIGTERM')).toBe(0);
      await Promise.all(load);
      expect(performance.now() - started).toBeLessThan(10_000);
      agent.destroy();
      // what is refused was never taken
      expect([...outcomes.keys()].toSorted()).toEqual(['200', 'ECONNREFUSED']);
    },
    30_000,
  );
});

/** The status of the answer, or the code of the failure. */
function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message);
    get(url, { agent }, (response: IncomingMessage) => {
      response.on('error', fail).on('end', () => resolve(String(response.statusCode)));
      response.resume();
    }).on('error', fail);
  });
}
