import { z } from 'zod';
import type { ConfigSection } from './config-section.js';
import { configSchemaWith } from './extended-schema.js';
import { IDENTITY, TEMPLATE_KINDS } from './templates.schema.js';
import { isObjectSchema, mapped, withVariables, type JsonSchema } from './variables-in-schema.js';

const VARIABLE = String.raw`\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`;
/** In a template, where the entry has its part. */
const FILLED_IN = String.raw`${VARIABLE}|\{(${Object.values(IDENTITY).flat().join('|')})\}`;

const INCLUDE: JsonSchema = {
  description: 'files that belong to this one, as paths from here such as teams/*.yaml',
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
};
const TEMPLATE: JsonSchema = {
  description: 'the name of one of templates, for whatever is not said here',
  type: 'string',
};
const LEFT = 'required here, in the template or in the defaults';

/** The JSON Schema of the configuration file with these sections, or of one of several. Variables may stand wherever a value does. */
export function serverConfigJsonSchema(sections: readonly ConfigSection[] = []): object {
  const whole = z.toJSONSchema(configSchemaWith(sections), { io: 'input' }) as JsonSchema;
  const { $schema: own, defaults, templates, ...others } = whole.properties!;
  const members = defaults!.properties!;
  const named = mapped(members, (_, kind) => ({ additionalProperties: { $ref: `#/$defs/${kind}` }, type: 'object' }));
  return {
    ...whole,
    properties: {
      $schema: own,
      include: INCLUDE,
      defaults: { ...defaults, properties: mapped(members, (_, kind) => ({ $ref: `#/$defs/${kind}` })) },
      templates: { ...templates, properties: named },
      ...mapped(others, (schema, section) => withTemplate(withVariables(schema, '#/$defs/variable'), section)),
    },
    patternProperties: { '^x-': { description: 'of your own, for anchors' } },
    $defs: {
      variable: { type: 'string', pattern: VARIABLE },
      filledIn: { type: 'string', pattern: FILLED_IN },
      ...mapped(members, (schema) => withVariables(schema, '#/$defs/filledIn')),
    },
  };
}

/** An entry of one of the lists may leave to its template or the defaults whatever is not of it alone. */
function withTemplate(list: JsonSchema, section: string): JsonSchema {
  const kind = TEMPLATE_KINDS.find((each) => each === section);
  if (!kind || !isObjectSchema(list.items)) return list;
  const { properties = {}, required = [] } = list.items;
  const own: readonly string[] = required.filter((member) => member === 'audience' || member === 'clientId');
  const described = mapped(properties, (schema, member) => {
    if (!required.includes(member) || own.includes(member)) return schema;
    const { description } = schema;
    return { ...schema, description: description === undefined ? LEFT : `${description}; ${LEFT}` };
  });
  return { ...list, items: { ...list.items, properties: { template: TEMPLATE, ...described }, required: own } };
}
