import type { Card } from '../card.js';

/** A service that takes any token of its authorization server. */
export const noAudience: Card = {
  id: 'no-audience',
  section: 'failures',
  title: 'Audience validation switched off',
  when: 'Frameworks let a service go without the check, by an empty list or none. Then every token of every service opens it.',
  run: async ({ userToken, addresses, start, track }) => {
    const victim = await start('no-audience', { JWKS_URI: addresses.internalJwksUri, ISSUER: addresses.issuer });
    await track('A service that checks no audience', 'wrong', async (wrong) => {
      if ('refused' in victim)
        return wrong.say({ from: 'client-app', to: 'victim', what: 'start it', failure: victim.refused });
      const url = `${victim.url}/letters`;
      const first = await wrong.call({
        from: 'client-app',
        to: 'victim',
        url,
        token: userToken,
        what: 'a token for user-service',
      });
      const { token } = await wrong.exchange('lab-1', userToken, { audience: 'lab-2', scope: 'lab.work' });
      const second = await wrong.call({ from: 'lab-2', to: 'victim', url, token, what: 'a token for lab-2' });
      return {
        lesson:
          first.status === 200 && second.status === 200
            ? 'Both open it, though neither was made for it. Whoever gets hold of one token, in any service, has them all.'
            : `It answered ${first.status} and ${second.status}.`,
        seen: [
          ['made for', first.text('token_was_made_for')],
          ['opens', first.text('opened')],
        ],
      };
    });
    await track('Our guard, told no audience', 'guarded', async (guarded) => {
      const guard = await start('guard-without-audience', { ISSUER: addresses.issuer });
      const failure = 'refused' in guard ? guard.refused : 'It has started.';
      return guarded.say({ from: 'client-app', to: 'guard', what: 'start it with audience: []', failure });
    });
    await track('message-service, which checks', 'guarded', async (guarded) => {
      const url = `${addresses.messageService}/message`;
      const { status } = await guarded.call({ from: 'client-app', to: 'message-service', url, token: userToken });
      return { lesson: `The same token, and the answer is ${status}.` };
    });
  },
};
