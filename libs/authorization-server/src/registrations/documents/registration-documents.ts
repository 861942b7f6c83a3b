import { z } from 'zod';
import type { RegistrationKind } from '@onbehalf/authorization-ports';
import type { ConfigSection } from '../../configuration/schema/config-section.js';
import { registrationSchemas } from '../../configuration/schema/extended-schema.js';
import { storedSecret } from './client-secrets.js';

const time = z.int().optional();

type Schemas = ReturnType<typeof registrationSchemas>;

/** What is stored of each kind; the id is stored beside it. */
const toDocuments = ({ client, resource, edge, user }: Schemas) =>
  ({
    client: client.omit({ clientId: true, secret: true }).extend({
      secrets: z.array(storedSecret).default([]),
      /** Until when the secret in the file holds, if the client is there too; absent: for good. */
      fileSecretExpiresAt: time,
      /** Of versions before; lives tell it now. */
      signedOutAt: time,
    }),
    resource: resource.omit({ audience: true }),
    edge: edge.omit({ id: true }),
    user: user.omit({ username: true }).extend({
      /** Its cost was judged when it came. */
      passwordHash: z.string(),
      /** Of versions before; lives tell it now. */
      signedOutAt: time,
    }),
  }) as const satisfies Record<RegistrationKind, z.ZodObject>;

type Documents = ReturnType<typeof toDocuments>;
export type ClientDocument = z.infer<Documents['client']>;
export type UserDocument = z.infer<Documents['user']>;

/** What operators send: secrets are made by the server, a password stays when it is left out. */
const toInputs = ({ client, resource, edge, user }: Schemas) =>
  ({
    client: client.omit({ clientId: true, secret: true }),
    resource: resource.omit({ audience: true }),
    edge: edge.omit({ id: true }),
    user: user.omit({ username: true }).partial({ passwordHash: true }),
  }) as const satisfies Record<RegistrationKind, z.ZodObject>;

/** By what registrations are known; an edge by whatever its file may call it. */
const toIds = ({ client, resource, edge, user }: Schemas) =>
  ({
    client: client.shape.clientId,
    resource: resource.shape.audience,
    edge: edge.shape.id.unwrap(),
    user: user.shape.username,
  }) as const satisfies Record<RegistrationKind, z.ZodType<string>>;

/** The schemas of what is registered at run time, with the members that sections add to it. */
export class RegistrationDocuments {
  readonly stored: Documents;
  readonly sent: ReturnType<typeof toInputs>;
  readonly ids: ReturnType<typeof toIds>;
  readonly sections: readonly ConfigSection[];

  constructor(sections: readonly ConfigSection[] = []) {
    const schemas = registrationSchemas(sections);
    this.sections = sections;
    this.stored = toDocuments(schemas);
    this.sent = toInputs(schemas);
    this.ids = toIds(schemas);
  }
}
