/** Where the parties of an experiment are. */
export interface Addresses {
  readonly userService: string;
  readonly messageService: string;
  readonly issuer: string;
  readonly jwksUri: string;
  /** With the secret of the clients that the lab plays. */
  readonly tokenEndpoint: { readonly url: string; readonly secret: string };
  readonly revocationEndpoint: string | undefined;
  /** Of this app. */
  readonly publicUrl: string;
}
