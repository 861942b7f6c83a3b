import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import { ownAudiences } from '../tokens/own-audiences.js';

/** A client exchanges the tokens that it received itself, no others: a stolen token is of no use to it. RFC 9700 §2.3. */
export const subjectAudienceRule: Rule = {
  name: 'subject-audience',
  judge({ kind, subject, client }) {
    if (kind === 'administrative') return undefined;
    if (ownAudiences(subject, client).length > 0) return undefined;
    const reason = `the token is for ${subject.audiences.join(', ')}; the client represents ${client.represents.join(', ')}`;
    return deny('invalid_request', 'The subject_token was not issued for this client to receive', { reason });
  },
};
