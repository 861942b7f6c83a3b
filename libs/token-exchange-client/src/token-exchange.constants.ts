/** Injection token of the module's options. */
export const TOKEN_EXCHANGE_OPTIONS = Symbol('TOKEN_EXCHANGE_OPTIONS');

/** The connection of a `forRoot` without a name. */
export const DEFAULT_CONNECTION = 'default';

/** Injection token of the client for a downstream service; its text is what Nest says when nothing provides it. */
export function downstreamToken(name: string): symbol {
  return Symbol.for(
    `TokenExchangeModule: no client of "${name}"; import TokenExchangeModule.forFeature([{ name: "${name}", … }]) in this module`,
  );
}

/** Injection token of the service of one connection, that is, of one authorization server. */
export function connectionToken(connection: string = DEFAULT_CONNECTION): symbol {
  const named = connection === DEFAULT_CONNECTION ? '' : `connection: "${connection}", `;
  return Symbol.for(`TokenExchangeModule: import TokenExchangeModule.forRoot({ ${named}… }) in the root module`);
}
