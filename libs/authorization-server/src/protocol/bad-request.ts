import { HttpException } from '@nestjs/common';
import type { z } from 'zod';

/** The answer to a request that an operator must correct. */
export function badRequest(description: string): HttpException {
  return new HttpException({ error: 'invalid_request', error_description: description }, 400);
}

/**
 * What was sent, as the schema understands it.
 * @throws HttpException 400 that names the first mistake; what is not known is a mistake, too
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  // the schema would leave it out without a word
  if (JSON.stringify(input)?.includes('"__proto__":')) throw badRequest('__proto__: no such parameter here');
  const { success, data, error } = schema.safeParse(input);
  if (success) return data;
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') throw badRequest(`${issue.keys.join(', ')}: no such parameter here`);
  throw badRequest(`${issue?.path.join('.') || 'the request'}: ${issue?.message ?? 'not accepted'}`);
}
