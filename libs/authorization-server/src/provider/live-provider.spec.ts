import { afterAll, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { KeySet } from '../keys/key-set.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { LiveProvider } from './live-provider.js';
import { toProviderKeys } from './provider-keys.js';

const { jwks } = toProviderKeys((await KeySet.generate()).keys);
const store = await openStore({ url: 'sqlite::memory:' });

afterAll(() => store.close());

function newProvider(): Provider {
  return new Provider('https://issuer.test', {
    adapter: store.providerAdapter,
    jwks,
    cookies: { keys: ['a'.repeat(32)] },
    features: { devInteractions: { enabled: false } },
  });
}

describe('LiveProvider', () => {
  it('a request that is under way ends on the provider that it began with, the next one goes to the fresh one', async () => {
    let made = 0;
    let resume = (): void => undefined;
    const paused = new Promise<void>((resolve) => (resume = resolve));
    const live = new LiveProvider(() => {
      const provider = newProvider();
      const number = (made += 1);
      provider.use(async (ctx: { body: unknown }) => {
        if (number === 1) await paused;
        ctx.body = `provider ${number}`;
      });
      return { provider, handle: provider.callback() };
    });
    const server = createServer((request, response) => void live.handle(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      const arrived = once(server, 'request');
      const first = fetch(url).then((response) => response.text());
      await arrived;
      live.renew();
      expect(await (await fetch(url)).text()).toBe('provider 2');
      resume();
      expect(await first).toBe('provider 1');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('when a fresh one cannot be made, the one before stays', () => {
    let isBroken = false;
    const live = new LiveProvider(() => {
      if (isBroken) throw new Error('no such key');
      const provider = newProvider();
      return { provider, handle: provider.callback() };
    });
    const { current } = live;
    isBroken = true;
    expect(() => live.renew()).toThrow('no such key');
    expect(live.current).toBe(current);
  });

  it('a fresh one takes its place at each change of the keys, which let the server go once it has stopped', async () => {
    const keys = await SigningKeys.generate();
    const live = new LiveProvider(() => {
      const provider = newProvider();
      return { provider, handle: provider.callback() };
    });
    live.renewOn((listener) => keys.onReplaced(listener));
    const first = live.current;
    keys.replace(await KeySet.generate());
    const second = live.current;
    expect(second).not.toBe(first);
    live.onApplicationShutdown();
    keys.replace(await KeySet.generate());
    expect(live.current).toBe(second);
  });
});
