import { HttpException } from '@nestjs/common';
import type { Request } from 'express';

/**
 * Takes JSON only, which no page of another origin can send without being asked first.
 * @param longest characters
 * @throws HttpException 415, 413
 */
export function requireJson(request: Request, body: unknown, longest: number): void {
  const refuse = (status: number, error_description: string): never => {
    throw new HttpException({ error: 'invalid_request', error_description }, status);
  };
  if (request.is('application/json') === false) refuse(415, 'the content type must be application/json');
  if (JSON.stringify(body ?? {}).length > longest) refuse(413, `no more than ${longest} characters`);
}
