import type { ExecutionContext } from '@nestjs/common';
import type { AccessRefused } from './access-refused.js';
import { setHeaders } from '../request/guarded-request.js';
import { forTransport } from './transport-refusal.js';

/** Refuses a call: sets the headers before it throws, so that no exception filter can lose them. */
export async function refuse(refusal: AccessRefused, context: ExecutionContext): Promise<never> {
  setHeaders(refusal.headers, context);
  throw await forTransport(refusal, context);
}
