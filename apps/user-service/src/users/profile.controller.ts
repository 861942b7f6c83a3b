import { Controller, Get, Header } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
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
@ApiBearerAuth()
export class ProfileController {
  @Get()
  @Scopes('user.read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The profile of the user that the token speaks of' })
  @ApiOkResponse({ type: UserProfile })
  @ApiResponse({ status: 401, description: 'The access token is missing or not accepted; see WWW-Authenticate' })
  @ApiResponse({ status: 403, description: 'The access token lacks the scope user.read' })
  profile(@CurrentSubject() subject: string, @AccessToken() token: VerifiedAccessToken): UserProfile {
    return { subject, name: displayName(subject), hops: [seen('user-service', token)] };
  }
}
