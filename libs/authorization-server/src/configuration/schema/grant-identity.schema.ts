import { z } from 'zod';

/** What an edge to another domain says of the grants that it gives. */
export const grantIdentity = {
  subject: z
    .enum(['sub', 'email'])
    .default('sub')
    .describe('how the subject is named there; email: by the address that is registered here'),
  claims: z
    .array(z.enum(['auth_time', 'acr', 'amr', 'email']))
    .default([])
    .describe('what else is told of the user; an address that is told is said to be verified'),
};
