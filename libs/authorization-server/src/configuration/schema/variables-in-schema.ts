/** As far as schemas of the configuration use JSON Schema. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
}

const EXAMPLE = '${NAME}';
/** Of no vocabulary that validators must know; what it says, a pattern says as well. */
const IGNORED = ['format'];
const ANNOTATIONS = ['description', 'default'];

/** The schema with another choice, wherever a variable does not fit by itself: the definition that is referred to. */
export function withVariables(schema: JsonSchema, $ref: string): JsonSchema {
  const each = (inner: JsonSchema): JsonSchema => withVariables(inner, $ref);
  const { properties, items, anyOf, additionalProperties } = schema;
  const open: JsonSchema = {
    ...picked(schema, (keyword) => !IGNORED.includes(keyword)),
    ...(properties && { properties: mapped(properties, each) }),
    ...(items && { items: each(items) }),
    ...(anyOf && { anyOf: anyOf.map(each) }),
    ...(isObjectSchema(additionalProperties) && { additionalProperties: each(additionalProperties) }),
  };
  if (!isClosed(schema)) return open;
  const isAnnotation = (keyword: string): boolean => ANNOTATIONS.includes(keyword);
  return {
    ...picked(open, isAnnotation),
    anyOf: [picked(open, (keyword) => !isAnnotation(keyword)), { $ref }],
  };
}

/** Whether no variable could stand here. */
function isClosed({ type = '', enum: values, const: value, pattern, allOf = [] }: JsonSchema): boolean {
  if (values !== undefined || value !== undefined || ['boolean', 'integer', 'number'].includes(type)) return true;
  const patterns = [pattern, ...allOf.map((each) => each.pattern)];
  return patterns.some((each) => each !== undefined && !new RegExp(each, 'u').test(EXAMPLE));
}

function picked(schema: JsonSchema, isMeant: (keyword: string) => boolean): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => isMeant(keyword)));
}

/** Whether a keyword has a schema for its value. */
export function isObjectSchema(schema: JsonSchema | boolean | undefined): schema is JsonSchema {
  return typeof schema === 'object';
}

/** Each schema of a map by its name. */
export function mapped(
  schemas: Readonly<Record<string, JsonSchema>>,
  to: (schema: JsonSchema, name: string) => JsonSchema,
): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, to(schema, name)]));
}
