import { isAbsoluteUri } from '@onbehalf/oauth-protocol';
import { z } from 'zod';
import { isOwnType, TYPE_OF_YOUR_OWN } from './reserved-types.js';

const name = z.string().min(1, 'a non-empty string');
const uri = z.string().refine((value) => isAbsoluteUri(value), 'an absolute URI without a fragment');
const times = z.int('a whole number').positive('more than 0');

const client = z
  .strictObject({
    client: name.describe('the client that exchanges the tokens'),
    subjectAudience: name.describe('the audience by which edges know these tokens; the client represents it'),
  })
  .describe('a client that may exchange tokens of this type');

const type = z
  .strictObject({
    type: z.string().refine(isOwnType, TYPE_OF_YOUR_OWN).describe('the subject_token_type; a profile verifies it'),
    namespaces: z
      .array(uri)
      .default([])
      .describe('issuers of parties that the profile may name and that have no account here, known as namespace#name'),
    clients: z.array(client).min(1, 'at least one client').describe('who may exchange tokens of this type'),
  })
  .describe('a token type of your own');

const failures = z
  .strictObject({
    window: times.default(15 * 60).describe('seconds that are counted together'),
    perClient: times.default(10).describe('bad tokens of one client from one address'),
    perAddress: times.default(50).describe('bad tokens from one address'),
  })
  .prefault({})
  .describe('how many bad tokens are looked at before the answer is 429');

/** The section `customSubjectTokens` of the configuration file. */
export const customSubjectTokensSettings = z
  .strictObject({
    types: z.array(type).min(1, 'at least one type'),
    timeout: z
      .number()
      .positive('more than 0 seconds')
      .max(60, 'at most 60 seconds')
      .default(5)
      .describe('seconds that a profile may take'),
    failures,
  })
  .optional()
  .describe('subject tokens of your own types, each verified by a class or a function of yours');

/** The section `customSubjectTokens` of the configuration as it was read and checked, with its defaults. */
export type CustomSubjectTokensSettings = NonNullable<z.infer<typeof customSubjectTokensSettings>>;
export type TypeSettings = CustomSubjectTokensSettings['types'][number];
