import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';

/** Only enabled clients that authenticate may exchange. RFC 8693 §5, RFC 6749 §5.2. */
export const clientRule: Rule = {
  name: 'client',
  judge({ client }) {
    if (!client.enabled) return deny('unauthorized_client', 'The client is disabled');
    if (!client.confidential) return deny('unauthorized_client', 'A public client may not exchange tokens');
    return undefined;
  },
};
