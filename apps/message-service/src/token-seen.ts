import { ApiProperty } from '@nestjs/swagger';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { z } from 'zod';

/** A token as the service that accepted it reports it: its claims, never the token. */
export class TokenSeen {
  @ApiProperty({ description: 'The service that accepted the token', example: 'message-service' })
  service!: string;

  @ApiProperty({ description: 'The decoded claims', type: 'object', additionalProperties: true })
  claims!: Record<string, unknown>;
}

/** The shape of {@link TokenSeen} in answers of other services. */
export const tokenSeen = z.object({ service: z.string(), claims: z.record(z.string(), z.unknown()) });

/** What this service saw of the token of the current request. */
export function seen(service: string, token: VerifiedAccessToken): TokenSeen {
  return { service, claims: token.claims };
}
