import type { Card } from '../card.js';

/** A gateway passes on the token of the browser, or exchanges it. */
export const tokenRelay: Card = {
  id: 'token-relay',
  section: 'failures',
  title: 'Token relay by a gateway',
  when: 'Many gateways pass the token of the session on to the service behind them. The user arrives, the gateway does not: nobody can tell who called.',
  run: async ({ userToken, addresses, track }) => {
    const url = `${addresses.userService}/user/profile`;
    await track('Relay', 'wrong', async (wrong) => {
      const { status } = await wrong.call({ from: 'lab-gateway', to: 'user-service', url, token: userToken });
      return {
        lesson:
          status === 200
            ? 'user-service sees a user and client-app; the gateway is nowhere.'
            : `It answered ${status}.`,
        seen: claimsSeen(userToken.view.claims),
      };
    });
    await track('Exchange at the gateway', 'right', async (right) => {
      const { token } = await right.exchange('lab-gateway', userToken, {
        audience: 'user-service',
        scope: 'user.read',
      });
      if (!token) return { lesson: 'The exchange was refused: see why in its answer.' };
      const { status } = await right.call({ from: 'lab-gateway', to: 'user-service', url, token });
      return {
        lesson: status === 200 ? 'The same user, and act says that the gateway called.' : `It answered ${status}.`,
        seen: claimsSeen(token.view.claims),
      };
    });
  },
};

function claimsSeen(claims: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  return ['sub', 'client_id', 'act'].map((name) => [name, claims[name] === undefined ? 'none' : text(claims[name])]);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
