import { z } from 'zod';
import { seconds } from './values.schema.js';

/** How long what the server gives out and remembers lasts, in seconds. */
export const lifetimes = z
  .strictObject({
    accessToken: seconds.default(300),
    refreshToken: seconds.default(14 * 24 * 3600),
    refreshGrace: z
      .int('whole seconds')
      .min(0, 'no less than 0 seconds')
      .max(300, 'no more than 300 seconds')
      .default(0)
      .describe('for which a used refresh token is answered again, for clients that refresh twice at once'),
    session: seconds.default(8 * 3600),
    consent: seconds.default(365 * 24 * 3600).describe('for which what a user has agreed to is remembered'),
  })
  .prefault({})
  .describe('in seconds');
