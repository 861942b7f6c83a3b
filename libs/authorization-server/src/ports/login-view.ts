/** What a login page shows. Escape it: client and user choose some of it. */
export interface LoginPage {
  /** The address that the form is sent to, with `username` and `password`. */
  readonly action: string;
  /** The client that the user logs in for. */
  readonly clientId: string;
  /** What the user or the client has said already. */
  readonly username?: string | undefined;
  /** What did not work, in the language of the page. */
  readonly error?: string | undefined;
}

/** The look of the login page: a template in place of the server's own, or a route of yours. */
export interface LoginView {
  /**
   * Makes the page, whole. It loads what this server serves, runs no script, and sends its form to this server.
   * @param language BCP 47, that of the texts in `page`
   */
  render?(page: LoginPage, language: string): string | Promise<string>;
  /** A path of yours, such as `/sign-in`: browsers come to `/sign-in/:uid`, and it ends in `SignIns.finish`. */
  readonly path?: string;
}
