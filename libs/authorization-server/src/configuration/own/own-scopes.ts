/** The scopes that belong to the server itself, with the claims that each releases. OpenID Connect Core §5.4. */
export const OWN_SCOPES: Readonly<Record<string, string[]>> = {
  openid: ['sub'],
  profile: ['name', 'preferred_username', 'given_name', 'family_name'],
  email: ['email'],
  offline_access: [],
};
