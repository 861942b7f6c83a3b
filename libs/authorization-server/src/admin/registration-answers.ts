import { HttpException } from '@nestjs/common';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { z } from 'zod';
import { LastOperator } from '../registrations/changes/operators-left.js';
import { OutOfReach } from '../registrations/changes/out-of-reach.js';
import { NotRegistered, VersionMismatch } from '../registrations/changes/registration-changes.js';
import { badRequest } from '../protocol/bad-request.js';

/**
 * The version that a change is based on; `undefined` when it creates.
 * @throws HttpException 428 when the request does not say. RFC 6585 §3
 */
export function readPreconditions(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch === undefined && ifNoneMatch === '*') return undefined;
  const [, version] = /^"(\d{1,15})"$/.exec(ifMatch ?? '') ?? [];
  if (version !== undefined && ifNoneMatch === undefined) return Number(version);
  throw answer(428, 'precondition_required', 'If-Match with the ETag that was read, or If-None-Match: * to create');
}

/** Waits for a change and answers what operators did wrong. */
export async function answerMistakes<Result>(change: Promise<Result>): Promise<Result> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof NotRegistered) throw notFound();
    if (error instanceof VersionMismatch)
      throw answer(412, 'precondition_failed', 'it is not at this version any more');
    if (error instanceof OutOfReach || error instanceof LastOperator) throw answer(403, 'access_denied', error.message);
    if (error instanceof ConfigurationError) throw badRequest(error.message);
    if (error instanceof z.ZodError)
      throw badRequest(`${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`);
    throw error;
  }
}

export function notFound(): HttpException {
  return answer(404, 'not_found', 'nothing is registered here');
}

function answer(status: number, error: string, description: string): HttpException {
  return new HttpException({ error, error_description: description }, status);
}
