import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import type { Request } from 'express';
import type { AuthenticatedRequest, ResourceServerOptions } from '../index.js';

// Express's request knows `auth` as soon as the library is imported
export const auth = (request: Request): VerifiedAccessToken | undefined => request.auth;
// @ts-expect-error a public route has none
export const certain = (request: Request): VerifiedAccessToken => request.auth;
export const behindTheGuard = (request: AuthenticatedRequest): VerifiedAccessToken => request.auth;

// @ts-expect-error the audience is mandatory
export const withoutAudience: ResourceServerOptions = { issuer: 'https://issuer.test' };
// @ts-expect-error symmetric algorithms cannot be chosen
export const symmetric: ResourceServerOptions = { issuer: 'https://issuer.test', audience: 'a', algorithms: ['HS256'] };
// @ts-expect-error an outage is refused or accepted
export const undecided: ResourceServerOptions['revocationFeed'] = { url: 'https://issuer.test', onOutage: 'ignore' };
