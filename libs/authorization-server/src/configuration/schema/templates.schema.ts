import { z } from 'zod';

/** What registrations of a kind are told apart by: templates may refer to it, as `{client}`. */
export const IDENTITY = {
  resources: ['audience'],
  clients: ['clientId'],
  edges: ['client', 'subjectAudience', 'target'],
} as const;
/** The lists of the file whose entries may leave members to templates and defaults. */
export type TemplateKind = keyof typeof IDENTITY;
export const TEMPLATE_KINDS = Object.keys(IDENTITY) as TemplateKind[];

/** What the file says about templates. */
export const TEMPLATE_MEMBERS: readonly string[] = ['include', 'defaults', 'templates', 'template'];

/** What belongs to one registration alone. */
const OF_ONE = ['audience', 'clientId', 'secret', 'jwks', 'id'];

/** The sections `defaults` and `templates`. */
export function templateSections({ resource, client, edge }: Record<'resource' | 'client' | 'edge', z.ZodObject>): {
  readonly defaults: z.ZodType;
  readonly templates: z.ZodType;
} {
  const kinds = { resources: membersOf(resource), clients: membersOf(client), edges: membersOf(edge) };
  const named = Object.entries(kinds).map(([kind, members]) => [kind, z.record(z.string(), members).optional()]);
  const optional = Object.entries(kinds).map(([kind, members]) => [kind, members.optional()]);
  return {
    defaults: z
      .strictObject(Object.fromEntries(optional) as z.core.$ZodLooseShape)
      .optional()
      .describe('members of all entries of a list that neither the entry nor its template says'),
    templates: z
      .strictObject(Object.fromEntries(named) as z.core.$ZodLooseShape)
      .optional()
      .describe('members by the name of a template, for the entries whose `template` it is'),
  };
}

/** All of them optional, and without a default: that of the entry counts. */
function membersOf(schema: z.ZodObject): z.ZodObject {
  const members = Object.entries(schema.shape).filter(([name]) => !OF_ONE.includes(name));
  return z.strictObject(Object.fromEntries(members.map(([name, member]) => [name, optional(member as z.ZodType)])));
}

function optional(member: z.ZodType): z.ZodType {
  const inner = member instanceof z.ZodDefault || member instanceof z.ZodPrefault ? member.unwrap() : member;
  const described = member.description === undefined ? inner : (inner as z.ZodType).describe(member.description);
  return (described as z.ZodType).optional();
}
