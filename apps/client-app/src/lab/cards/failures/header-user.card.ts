import type { Card } from '../card.js';

/** The user's id in a header beside a token of the service. */
export const headerUser: Card = {
  id: 'header-user',
  section: 'failures',
  title: 'The user in a header',
  when: 'A service calls with its own token and names the user in a header. Whoever can call can be anybody.',
  fields: [{ name: 'user', label: 'X-User-ID', value: 'somebody', maxLength: 60 }],
  run: async ({ addresses, fields, start, track }) => {
    const headers = { 'X-User-ID': headerValue(fields['user'] ?? '') };
    const resource = addresses.messageServiceResource;
    const settings = { JWKS_URI: addresses.internalJwksUri, ISSUER: addresses.issuer, AUDIENCE: 'message-service' };
    const believer = await start('believes-header', settings);
    await track('A service that believes it', 'wrong', async (wrong) => {
      if ('refused' in believer)
        return wrong.say({ from: 'client-app', to: 'believer', what: 'start it', failure: believer.refused });
      const { token } = await wrong.clientCredentials('lab-1', 'message.read', { resource });
      const url = `${believer.url}/letters`;
      const answer = await wrong.call({ from: 'lab-1', to: 'believer', url, token, headers });
      const said = `It serves “${answer.text('believes')}”, whom nothing proves.`;
      return {
        lesson: answer.status === 200 ? said : `It answered ${answer.status}.`,
        seen: [
          ['believes', answer.text('believes')],
          ['the token proves', answer.text('proven_by_the_token')],
        ],
      };
    });
    await track('message-service ignores it', 'right', async (right) => {
      const { token } = await right.clientCredentials('lab-1', 'message.read', { resource });
      const url = `${addresses.messageService}/message`;
      const answer = await right.call({ from: 'lab-1', to: 'message-service', url, token, headers });
      const said = 'The same token and the same header: it serves whom the token proves, the service itself.';
      return {
        lesson: answer.status === 200 ? said : `It answered ${answer.status}.`,
        seen: [['message-service says', answer.text('message')]],
      };
    });
  },
};

/** What a header can hold. RFC 9110 §5.5 */
function headerValue(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').trim() || 'somebody';
}
