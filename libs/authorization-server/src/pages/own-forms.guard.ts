import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/**
 * Takes forms of the server's own pages alone, by what browsers say of where they come from: other sites, and other applications of
 * the same site, have none. Fetch Metadata, Sec-Fetch-Site
 */
@Injectable()
export class OwnFormsGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = context.switchToHttp().getRequest<Request>();
    const from = headers['sec-fetch-site'];
    if (method !== 'POST' || from === undefined || from === 'same-origin' || from === 'none') return true;
    throw new ForbiddenException('not a form of this server');
  }
}
