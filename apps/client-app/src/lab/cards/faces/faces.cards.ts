import type { Card } from '../card.js';
import { readMessage, subjectOf } from '../steps/read-message.js';

const MESSAGE = { audience: 'message-service', scope: 'message.read' } as const;

/** Somebody else than the client acts. */
export const actorToken: Card = {
  id: 'actor-token',
  section: 'faces',
  title: 'Actor token',
  when: 'The client that exchanges is not the one that acts: a platform asks for a worker behind it. The worker proves itself by a token of its own.',
  guide: 'libs/token-exchange/README.md',
  run: async (experiment) => {
    const { userToken, addresses, track } = experiment;
    await track('lab-2 acts, lab-1 asks', 'right', async (right) => {
      const { token: actorToken, refusal } = await right.clientCredentials('lab-2', 'user.read', {
        resource: addresses.userServiceResource,
      });
      if (!actorToken) return { lesson: refusal };
      const given = await right.exchange('lab-1', userToken, { ...MESSAGE, actorToken });
      return readMessage(right, experiment, 'lab-2', given, {
        lesson: 'act names the subject of the actor token, not the client that asked.',
      });
    });
    await track('An actor that no edge names', 'guarded', async (guarded) => {
      const { token: actorToken, refusal } = await guarded.clientCredentials('lab-1', 'user.read', {
        resource: addresses.userServiceResource,
      });
      if (!actorToken) return { lesson: refusal };
      const answer = await guarded.exchange('lab-gateway', userToken, {
        audience: 'user-service',
        scope: 'user.read',
        actorToken,
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
  run: async (experiment) => {
    const { userToken, fields, track } = experiment;
    await track('With a reason', 'right', async (right) => {
      const parameters = { reason: fields['reason'] ?? '' };
      const given = await right.exchange('lab-desk', userToken, { ...MESSAGE, parameters });
      return readMessage(right, experiment, 'lab-desk', given, {
        lesson: 'No act: message-service sees the user. The record beside the exchange has the client and the reason.',
      });
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
  run: async (experiment) => {
    const { fields, foreignToken, track } = experiment;
    const foreign = await foreignToken({
      sub: fields['subject'],
      aud: 'user-service',
      scope: 'user.read',
      client_id: 'partner-app',
    });
    const given = { ...MESSAGE, subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt' };
    await track('A token of the partner', 'right', async (right) => {
      return readMessage(right, experiment, 'lab-1', await right.exchange('lab-1', foreign, given), {
        lesson:
          'The issuer is yours now, and the subject says whose user it is: nobody is taken for a user of yours by name.',
        seen: subjectOf,
      });
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
            : `${answer.text('error')}, max_age ${answer.text('max_age')}: sign in again, and run it within half a minute.`,
      };
    });
  },
};
