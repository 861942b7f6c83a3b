import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { z } from 'zod';
import type { ConfigSection, SectionMembers } from './config-section.js';
import { client, edge, resource, serverConfigSchema, user } from './server-config.schema.js';
import { TEMPLATE_MEMBERS, templateSections } from './templates.schema.js';
import { grantTypes } from './values.schema.js';

/** The schemas of the registrations, with the members that sections add to them. */
export function registrationSchemas(sections: readonly ConfigSection[]): {
  client: typeof client;
  resource: typeof resource;
  edge: typeof edge;
  user: typeof user;
} {
  const more = (kind: keyof SectionMembers): Record<string, z.ZodType> =>
    Object.fromEntries(
      sections.flatMap(({ name, members }) => (members?.[kind] ? [[name, members[kind].optional()] as const] : [])),
    );
  const grants = sections.flatMap((section) => section.grantTypes ?? []);
  return {
    client: client.extend({ grantTypes: grantTypes(grants), ...more('client') }),
    resource: resource.extend(more('resource')) as typeof resource,
    edge: edge.extend(more('edge')) as typeof edge,
    user: user.extend(more('user')) as typeof user,
  };
}

/**
 * The schema of the file, with these sections.
 * @throws ConfigurationError when the name of a section means something else already
 */
export function configSchemaWith(sections: readonly ConfigSection[]): typeof serverConfigSchema {
  for (const { name } of sections) {
    const taken =
      TEMPLATE_MEMBERS.includes(name) ||
      [serverConfigSchema, client, resource, edge, user].some(({ shape }) => name in shape);
    if (taken)
      throw new ConfigurationError('features', name, 'a name that means nothing else in the configuration file');
  }
  const schemas = registrationSchemas(sections);
  return serverConfigSchema.extend({
    resources: z.array(schemas.resource).default([]),
    clients: z.array(schemas.client).default([]),
    users: z.array(schemas.user).default([]),
    edges: z.array(schemas.edge).default([]),
    ...templateSections(schemas),
    ...Object.fromEntries(sections.map(({ name, settings }) => [name, settings])),
  });
}
