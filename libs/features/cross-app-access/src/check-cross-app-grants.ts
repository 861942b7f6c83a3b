import type { ServerConfig } from '@onbehalf/authorization-server';
import { ConfigurationError, TokenType } from '@onbehalf/oauth-protocol';

type EdgeConfig = ServerConfig['edges'][number] & { readonly crossAppAccess?: unknown };

/** What says who the user is, and may become an ID-JAG. ID-JAG draft -04 §4.3 */
const ASSERTIONS: readonly string[] = [TokenType.IdToken, TokenType.Saml2, TokenType.RefreshToken];

/**
 * Makes sure that cross-app grants lead to the authorization servers of other domains, from identity assertions, and give nothing but ID-JAGs.
 * @throws ConfigurationError
 */
export function checkCrossAppGrants({ edges, resources }: ServerConfig): void {
  const servers = resources.filter(({ kind }) => kind === 'authorization_server').map(({ audience }) => audience);
  edges.forEach((edge: EdgeConfig, index) => {
    const refuse = (member: string, value: unknown, accepted: string): never => {
      throw new ConfigurationError(`edges[${index}].${member}`, value, accepted);
    };
    const { target, issues, subjectTypes, crossAppAccess } = edge;
    if (crossAppAccess === undefined) {
      if (issues?.includes(TokenType.IdJag)) refuse('crossAppAccess', undefined, 'a cross-app grant, to issue ID-JAGs');
      return;
    }
    if (!servers.includes(target)) refuse('target', target, 'a resource of the kind authorization_server');
    if (issues?.some((type) => type !== TokenType.IdJag) ?? true) refuse('issues', issues, `${TokenType.IdJag} alone`);
    if (!(subjectTypes?.every((type) => ASSERTIONS.includes(type)) ?? false)) {
      refuse('subjectTypes', subjectTypes, `some of ${ASSERTIONS.join(', ')}`);
    }
  });
}
