import type { Card } from './card.js';

const MESSAGE = { audience: 'message-service', scope: 'message.read' } as const;

/** Somebody else than the client acts. */
export const actorToken: Card = {
  id: 'actor-token',
  section: 'faces',
  title: 'Actor token',
  when: 'The client that exchanges is not the one that acts: a platform asks for a worker behind it. The worker proves itself by a token of its own.',
  guide: 'libs/token-exchange/README.md',
  run: async ({ userToken, addresses, track }) => {
    await track('lab-2 acts, lab-1 asks', 'right', async (right) => {
      const { token: actor } = await right.clientCredentials('lab-2', 'user.read', {
        resource: addresses.userServiceResource,
      });
      if (!actor) return { lesson: 'The actor got no token: see why in its answer.' };
      const { token } = await right.exchange('lab-1', userToken, { ...MESSAGE, actorToken: actor });
      if (!token) return { lesson: 'The exchange was refused: see why in its answer.' };
      const answer = await right.call({
        from: 'lab-2',
        to: 'message-service',
        url: `${addresses.messageService}/message`,
        token,
      });
      return {
        lesson:
          answer.status === 200
            ? 'act names the subject of the actor token, not the client that asked.'
            : `message-service answered ${answer.status}.`,
        seen: [['message-service says', answer.text('message')]],
      };
    });
    await track('An actor that no edge names', 'guarded', async (guarded) => {
      const { token: actor } = await guarded.clientCredentials('lab-1', 'user.read', {
        resource: addresses.userServiceResource,
      });
      if (!actor) return { lesson: 'The actor got no token: see why in its answer.' };
      const answer = await guarded.exchange('lab-gateway', userToken, {
        audience: 'user-service',
        scope: 'user.read',
        actorToken: actor,
      });
      return { lesson: answer.refusal };
    });
  },
};

/** The user, and nobody beside. */
export const impersonation: Card = {
  id: 'impersonation',
  section: 'faces',
  title: 'Impersonation',
  when: 'The next service must not notice that somebody else asks, because it knows users only. The token names the user alone; the edge, the reason and the trail keep who it was.',
  guide: 'libs/authorization-server/README.md',
  fields: [{ name: 'reason', label: 'Reason', value: 'ticket 4711', maxLength: 120 }],
  run: async ({ userToken, addresses, fields, track }) => {
    await track('With a reason', 'right', async (right) => {
      const { token } = await right.exchange('lab-desk', userToken, {
        ...MESSAGE,
        parameters: { reason: fields['reason'] ?? '' },
      });
      if (!token) return { lesson: 'The exchange was refused: see why in its answer.' };
      const answer = await right.call({
        from: 'lab-desk',
        to: 'message-service',
        url: `${addresses.messageService}/message`,
        token,
      });
      return {
        lesson:
          answer.status === 200
            ? 'No act: message-service sees the user. The record beside the exchange has the client and the reason.'
            : `message-service answered ${answer.status}.`,
        seen: [['message-service says', answer.text('message')]],
      };
    });
    await track('Without a reason', 'guarded', async (guarded) => {
      const answer = await guarded.exchange('lab-desk', userToken, MESSAGE);
      return { lesson: answer.refusal };
    });
  },
};

/** A JWT of another issuer. */
export const trustedIssuer: Card = {
  id: 'trusted-issuer',
  section: 'faces',
  title: 'Trusted issuer',
  when: 'A partner signs its own tokens, and its users call your services. The authorization server trusts its keys and exchanges its tokens for yours.',
  guide: 'libs/authorization-server/README.md',
  fields: [{ name: 'subject', label: 'User at the partner', value: 'alice', maxLength: 60 }],
  run: async ({ addresses, fields, foreignToken, track }) => {
    const foreign = await foreignToken({
      sub: fields['subject'],
      aud: 'user-service',
      scope: 'user.read',
      client_id: 'partner-app',
    });
    const given = { ...MESSAGE, subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt' };
    await track('A token of the partner', 'right', async (right) => {
      const { token } = await right.exchange('lab-1', foreign, given);
      if (!token) return { lesson: 'The exchange was refused: see why in its answer.' };
      const { status } = await right.call({
        from: 'lab-1',
        to: 'message-service',
        url: `${addresses.messageService}/message`,
        token,
      });
      return {
        lesson:
          status === 200
            ? 'The issuer is yours now, and the subject says whose user it is: nobody is taken for a user of yours by name.'
            : `message-service answered ${status}.`,
        seen: [['sub', String(token.view.claims['sub'])]],
      };
    });
    await track('A token that says it is the partner’s', 'guarded', async (guarded) => {
      const forged = await foreignToken(
        { sub: fields['subject'], aud: 'user-service', scope: 'user.read', client_id: 'partner-app' },
        { forged: true },
      );
      const answer = await guarded.exchange('lab-1', forged, given);
      return { lesson: answer.status === 200 ? 'It was granted.' : `Another key has signed it. ${answer.refusal}` };
    });
  },
};

/** A call that wants the user to have signed in lately. */
export const stepUp: Card = {
  id: 'step-up',
  section: 'faces',
  title: 'Step-up',
  when: 'Some targets want more than a session that is hours old. The exchange is refused with what the user must prove, and goes through once that is done.',
  guide: 'libs/token-exchange-client/README.md',
  signInAgain: true,
  run: async ({ userToken, track }) => {
    await track('A sign-in of the last half minute', 'compared', async (way) => {
      const answer = await way.exchange('lab-1', userToken, { audience: 'lab-safe', scope: 'lab.work' });
      return {
        lesson:
          answer.status === 200
            ? 'You have signed in within the last half minute: granted. Wait a little and run it again.'
            : `${answer.text('error')}, max_age ${answer.text('max_age')}: sign in again below, and run it within half a minute.`,
      };
    });
  },
};
