/** Where the parties of an experiment are. */
export interface Addresses {
  readonly userService: string;
  readonly messageService: string;
  /** The assistant. */
  readonly agent: string;
  /** The API of the provider at which users link their calendar. */
  readonly calendarService: string;
  readonly issuer: string;
  /** Where this machine reaches the keys of the issuer. */
  readonly internalJwksUri: string;
  /** How the authorization server names the services. RFC 8707 */
  readonly userServiceResource: string;
  readonly messageServiceResource: string;
  /** The system from before OAuth, where it runs. */
  readonly legacyService: string | undefined;
  /** With the secret of the clients that the lab plays. */
  readonly tokenEndpoint: { readonly url: string; readonly secret: string };
  readonly revocationEndpoint: string | undefined;
  readonly authorizationEndpoint: string;
  readonly endSessionEndpoint: string;
  /** Where sign-ins for the lab's client come back to, which reads the code itself. */
  readonly labCallback: string;
  /** Where those of engineers come back to. */
  readonly supportCallback: string;
  /** This app as a client of the authorization server. */
  readonly clientApp: ClientWithSecret | WorkloadClient;
  /** The other company. */
  readonly partner: {
    readonly issuer: string;
    /** This app as a client of its authorization server. */
    readonly client: ClientWithSecret;
    readonly orderService: string;
    readonly orderServiceResource: string;
  };
}

/** A client with a secret. */
export interface ClientWithSecret {
  readonly id: string;
  readonly secret: string;
}

/** A client that authenticates by the token of its platform, in a file. RFC 7523 §2.2 */
export interface WorkloadClient {
  readonly id: string;
  readonly assertionFile: string;
}
