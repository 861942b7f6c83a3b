/** The authorization server does not answer, or not as it should. */
export class AuthorizationServerUnavailable extends Error {
  constructor(options?: ErrorOptions) {
    super('The authorization server is unavailable', options);
    this.name = 'AuthorizationServerUnavailable';
  }
}
