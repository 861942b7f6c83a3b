import { setTimeout as sleep } from 'node:timers/promises';
import { goDown } from '../steps/go-down.js';
import type { Card } from '../card.js';

const MESSAGE = { audience: 'message-service', scope: 'message.read' } as const;

/** More than the edge grants. */
export const tooMuchScope: Card = {
  id: 'too-much-scope',
  section: 'failures',
  title: 'More scope than allowed',
  when: 'The client asks for a scope that no edge grants, or that the user never gave. Nothing is cut silently: the request is refused.',
  fields: [{ name: 'scope', label: 'scope', value: 'message.read message.delete', maxLength: 120 }],
  run: async ({ userToken, fields, track }) => {
    const scope = fields['scope'] ?? '';
    await track('Ask for more', 'guarded', async (guarded) => {
      const answer = await guarded.exchange('lab-1', userToken, { ...MESSAGE, scope });
      return { lesson: answer.refusal };
    });
    await track('Ask for what the edge grants', 'right', async (right) => {
      const { token } = await right.exchange('lab-1', userToken, MESSAGE);
      return { lesson: token ? `Granted: ${String(token.view.claims['scope'])}.` : 'Refused: see why in the answer.' };
    });
  },
};

/** A token that was made for another service. */
export const wrongClient: Card = {
  id: 'wrong-client',
  section: 'failures',
  title: 'Exchange by the wrong client',
  when: 'A client has got hold of a token that was made for another service. It may authenticate as well as it likes: only who is in aud may exchange it.',
  run: async ({ userToken, track }) => {
    await track('lab-3 has found Token A', 'guarded', async (guarded) => {
      const answer = await guarded.exchange('lab-3', userToken, MESSAGE);
      return { lesson: answer.refusal };
    });
    await track('The service that it was made for', 'right', async (right) => {
      const { token } = await right.exchange('lab-1', userToken, MESSAGE);
      return { lesson: token ? 'lab-1 stands for user-service, which is in aud.' : 'Refused: see why in the answer.' };
    });
  },
};

/** A token that was ended before its time. */
export const revoked: Card = {
  id: 'revoked',
  section: 'failures',
  title: 'A revoked subject',
  when: 'A token is revoked, and somebody still holds it. What was made from it ends with it, and nothing new is made.',
  run: async ({ userToken, addresses, track }) => {
    await track('Revoke, then exchange', 'guarded', async (guarded) => {
      const { token } = await guarded.exchange('lab-1', userToken, { audience: 'lab-2', scope: 'lab.work' });
      if (!token || addresses.revocationEndpoint === undefined) return { lesson: 'There is no token to revoke.' };
      await guarded.revoke('lab-1', token);
      const answer = await guarded.exchange('lab-2', token, MESSAGE);
      return { lesson: answer.refusal };
    });
    await track('One that lives', 'right', async (right) => {
      const { token } = await right.exchange('lab-1', userToken, { audience: 'lab-2', scope: 'lab.work' });
      const next = token && (await right.exchange('lab-2', token, MESSAGE)).token;
      return {
        lesson: next ? 'The same two steps, without the revocation between them.' : 'Refused: see why in the answer.',
      };
    });
  },
};

/** A token whose time is over. */
export const expired: Card = {
  id: 'expired',
  section: 'failures',
  title: 'An expired subject',
  when: 'A queue, a retry, a slow job: the token is exchanged when its time is over. This one lives for a second, and the button waits for that.',
  run: async ({ userToken, track }) => {
    await track('Wait, then exchange', 'guarded', async (guarded) => {
      const { token } = await guarded.exchange('lab-1', userToken, { audience: 'lab-brief', scope: 'lab.work' });
      if (!token) return { lesson: 'There is no token to wait for.' };
      const expiresAt = Number(token.view.claims['exp']) * 1000;
      await sleep(Math.min(Math.max(expiresAt - Date.now() + 1_000, 0), 5_000));
      const answer = await guarded.exchange('lab-2', token, MESSAGE);
      return { lesson: answer.refusal };
    });
    await track('In time', 'right', async (right) => {
      const { token } = await right.exchange('lab-1', userToken, { audience: 'lab-2', scope: 'lab.work' });
      const next = token && (await right.exchange('lab-2', token, MESSAGE)).token;
      return {
        lesson: next
          ? 'Exchanged while it lives; the new token lives no longer than its edge allows.'
          : 'Refused: see why in the answer.',
      };
    });
  },
};

/** One service more than the chain may have. */
export const sixthLevel: Card = {
  id: 'sixth-level',
  section: 'failures',
  title: 'The sixth level of a chain',
  when: 'Each service acts for the one before it, and the chain grows. The edges of this chain allow five that act; the sixth is refused.',
  run: async ({ userToken, track }) => {
    await track('Six in a row', 'guarded', async (guarded) => {
      const held = await goDown(guarded, userToken, 6);
      if (!held) return { lesson: 'The chain broke before: see where.' };
      const answer = await guarded.exchange('lab-6', held, MESSAGE);
      return { lesson: answer.refusal };
    });
    await track('Five in a row', 'right', async (right) => {
      const held = await goDown(right, userToken, 5);
      const { token } = held ? await right.exchange('lab-5', held, MESSAGE) : {};
      return {
        lesson: token ? 'Five act, and message-service is told each of them.' : 'Refused: see why in the answer.',
      };
    });
  },
};
