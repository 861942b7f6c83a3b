import { z } from 'zod';
import { client, edge, resource, user } from '../configuration/server-config.schema.js';
import { storedSecret } from './client-secrets.js';
import type { RegistrationKind } from './registration-store.js';

const time = z.int().optional();

/** What is stored of each kind; the id stands beside it. */
export const documents = {
  client: client.omit({ clientId: true, secret: true }).extend({
    secrets: z.array(storedSecret).default([]),
    /** The secret in the file, when the client stands there too, holds until then; absent: for good. */
    fileSecretExpiresAt: time,
    /** Refresh tokens and codes that were issued by the end of this second count no more. */
    signedOutAt: time,
  }),
  resource: resource.omit({ audience: true }),
  edge: edge.omit({ id: true }),
  user: user.omit({ username: true }).extend({
    /** Its cost was judged when it came. */
    passwordHash: z.string(),
    /** What was signed in before this second is signed out. */
    signedOutAt: time,
  }),
} as const satisfies Record<RegistrationKind, z.ZodObject>;

export type ClientDocument = z.infer<typeof documents.client>;
export type UserDocument = z.infer<typeof documents.user>;

/** What operators send: secrets are made by the server, a password stays when it is left out. */
export const inputs = {
  client: client.omit({ clientId: true, secret: true }),
  resource: documents.resource,
  edge: documents.edge,
  user: user.omit({ username: true }).partial({ passwordHash: true }),
} as const satisfies Record<RegistrationKind, z.ZodObject>;
