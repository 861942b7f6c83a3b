import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty } from '@nestjs/swagger';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, CurrentSubject, Scopes } from '@onbehalf/resource-server';
import { seen, TokenSeen } from '../token-seen.js';
import { displayName } from './profiles.js';

class UserProfile {
  @ApiProperty({ example: 'baeldung' })
  subject!: string;

  @ApiProperty({ example: 'Baeldung' })
  name!: string;

  @ApiProperty({ description: 'The token of the call, as user-service saw it', type: [TokenSeen] })
  hops!: TokenSeen[];
}

/** Who the user is. The subject of the token decides whose profile it is: nobody can ask for another's. */
@Controller('user/profile')
export class ProfileController {
  @Get()
  @Scopes('user.read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The profile of the user that the token speaks of' })
  @ApiOkResponse({ type: UserProfile })
  profile(@CurrentSubject() subject: string, @AccessToken() token: VerifiedAccessToken): UserProfile {
    return { subject, name: displayName(subject), hops: [seen('user-service', token)] };
  }
}
