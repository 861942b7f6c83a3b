import { randomBytes, timingSafeEqual } from 'node:crypto';
import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Login } from './session-data.js';
import './support-session.js';

/** The name of the hidden field that every form of a signed-in user has. */
export const CSRF_FIELD = 'csrf';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/** A value that only pages of this session know. */
export function newCsrfToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Refuses whatever would change something for a signed-in user or engineer and does not come from a form of that session. */
@Injectable()
export class CsrfGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const { login, engineer, usedAccount } = request.session;
    const signedIn = [login, engineer, usedAccount].filter((each) => each !== undefined);
    if (SAFE.includes(request.method) || signedIn.length === 0) return true;
    if (signedIn.some((each) => isFrom(each, request.body))) return true;
    throw new ForbiddenException();
  }
}

function isFrom({ csrf }: Pick<Login, 'csrf'>, body: unknown): boolean {
  const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[CSRF_FIELD] : undefined;
  if (typeof given !== 'string') return false;
  const [one, other] = [Buffer.from(given), Buffer.from(csrf)];
  return one.length === other.length && timingSafeEqual(one, other);
}
