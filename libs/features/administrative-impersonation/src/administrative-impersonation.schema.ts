import type { Edge, ResourceRegistration } from '@onbehalf/token-exchange';
import { z } from 'zod';

/** The name of the section, and of the members of registrations. */
export const SECTION = 'administrativeImpersonation';

const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope (RFC 6749 section 3.3)');

export const settingsSchema = z
  .strictObject({
    confirmationTime: z
      .int('whole seconds')
      .min(30, 'no less than 30 seconds')
      .max(3600, 'no more than 3600 seconds')
      .default(600)
      .describe('seconds that a second person has to confirm an impersonation, and the administrator to begin it then'),
    pollInterval: z
      .int('whole seconds')
      .min(1, 'no less than 1 second')
      .max(60, 'no more than 60 seconds')
      .default(5)
      .describe('seconds between two attempts of an administrator who waits for the second person'),
  })
  .optional()
  .describe('administrators use accounts of users: seen by all, on record, and for a short time');

export const edgeSchema = z
  .strictObject({
    role: scope.default('impersonate').describe('the scope of auth-server that the administrator must hold'),
    widens: z
      .array(scope)
      .default([])
      .describe('scopes that do more than read, granted where a request names them; none unless told'),
    ticket: z.enum(['required', 'optional']).default('optional').describe('whether a ticket must be named'),
    secondPerson: z.boolean().default(false).describe('whether another operator has to confirm before it begins'),
  })
  .describe('of an edge with mode administrative: what an administrator must bring, and may do');

export const resourceSchema = z
  .strictObject({ readOnly: z.array(scope).min(1, 'at least one scope').describe('its scopes that only read') })
  .describe('what an administrator may do there who uses an account');

/** The section `administrativeImpersonation` of the configuration as it was read and checked, with its defaults. */
export type AdministrativeImpersonationSettings = NonNullable<z.infer<typeof settingsSchema>>;

/** What an edge says of impersonations; what it does not say has its default. */
export function ofEdge(edge: Edge | undefined): z.infer<typeof edgeSchema> {
  return edgeSchema.parse(edge?.extensions?.[SECTION] ?? {});
}

/** The scopes of a resource that only read. None listed, none granted. */
export function readOnlyOf({ extensions }: ResourceRegistration): readonly string[] {
  return (extensions?.[SECTION] as z.infer<typeof resourceSchema> | undefined)?.readOnly ?? [];
}
