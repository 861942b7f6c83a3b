import type { Card } from './card.js';

/** A token that is worth nothing without its key. RFC 9449 */
export const boundKey: Card = {
  id: 'bound-key',
  section: 'faces',
  title: 'Key-bound tokens',
  when: 'Tokens leak: by logs, by proxies, by a service behind you. A token bound to a key (DPoP, RFC 9449) is worth nothing without a proof by that key.',
  guide: 'libs/resource-server/README.md',
  run: async ({ userToken, addresses, dpopKey, track }) => {
    const url = `${addresses.userService}/user/profile`;
    // RFC 9449 §4.3: the address as the service knows it
    const htu = `${addresses.userServiceResource}/user/profile`;
    const key = await dpopKey();
    await track('With a proof by its key', 'right', async (right) => {
      const { token: held } = await right.exchange('lab-1', userToken, { audience: 'lab-2', scope: 'lab.work' });
      if (!held) return { lesson: 'The exchange was refused: see why in its answer.' };
      const proof = await key.proof('POST', addresses.tokenEndpoint.url);
      const { token } = await right.exchange('lab-2', held, {
        audience: 'user-service',
        scope: 'user.read',
        headers: { DPoP: proof },
      });
      if (!token) return { lesson: 'The exchange was refused: see why in its answer.' };
      const headers = { DPoP: await key.proof('GET', htu, token) };
      const { status } = await right.call({ from: 'lab-2', to: 'user-service', url, token, scheme: 'DPoP', headers });
      key.bound = token;
      return {
        lesson:
          status === 200
            ? 'cnf names the key, and the proof shows that lab-2 has it.'
            : `user-service answered ${status}.`,
        seen: [['cnf', JSON.stringify(token.view.claims['cnf'])]],
      };
    });
    const { bound } = key;
    if (!bound) return;
    await track('Stolen, without the key', 'guarded', async (guarded) => {
      const { status } = await guarded.call({ from: 'a thief', to: 'user-service', url, token: bound });
      return { lesson: `The token alone: ${status}.` };
    });
    await track('Stolen, with another key', 'guarded', async (guarded) => {
      const other = await dpopKey();
      const headers = { DPoP: await other.proof('GET', htu, bound) };
      const { status } = await guarded.call({
        from: 'a thief',
        to: 'user-service',
        url,
        token: bound,
        scheme: 'DPoP',
        headers,
      });
      return { lesson: `A proof by another key: ${status}.` };
    });
  },
};
