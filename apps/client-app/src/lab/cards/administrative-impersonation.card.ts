import type { Card } from './card.js';

/** Support sees what a customer sees; the way that leaves a trail stands on a page of its own. */
export const administrativeImpersonation: Card = {
  id: 'administrative-impersonation',
  section: 'faces',
  title: 'Support uses an account',
  when: 'A support engineer must see what a customer sees. The page /support does it: a fresh sign-in, a reason, a banner, and a record that the customer sees.',
  guide: 'docs/guides/administrative-impersonation.md',
  page: { path: '/support', name: 'Use an account' },
  fields: [{ name: 'reason', label: 'Reason', value: 'the balance is wrong', maxLength: 120 }],
  run: async ({ names, addresses, fields, start, track, user }) => {
    await track('Named, and no engineer proves to be here', 'guarded', async (guarded) => {
      const answer = await guarded.exchange('lab-support', names.name(user), {
        audience: 'user-service',
        subjectTokenType: 'urn:onbehalf:params:oauth:token-type:user-id',
        parameters: { reason: fields['reason'] ?? '' },
      });
      return { lesson: answer.refusal };
    });
    const settings = { JWKS_URI: addresses.internalJwksUri, ISSUER: addresses.issuer, AUDIENCE: 'message-service' };
    const believer = await start('believes-header', settings);
    await track('Impersonation without a record', 'wrong', async (wrong) => {
      if ('refused' in believer)
        return wrong.say({ from: 'client-app', to: 'believer', what: 'start it', failure: believer.refused });
      const { token } = await wrong.clientCredentials('lab-1', 'message.read', {
        resource: addresses.messageServiceResource,
      });
      const headers = { 'X-User-ID': user };
      const url = `${believer.url}/letters`;
      const answer = await wrong.call({ from: 'lab-1', to: 'believer', url, token, headers });
      return {
        lesson:
          answer.status === 200
            ? 'It serves the account to whoever names it: no engineer, no reason, no end, and nothing on record.'
            : `It answered ${answer.status}.`,
        seen: [['believes', answer.text('believes')]],
      };
    });
  },
};
