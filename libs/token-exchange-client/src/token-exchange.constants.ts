/** Injection token of the module's options. */
export const TOKEN_EXCHANGE_OPTIONS = Symbol('TOKEN_EXCHANGE_OPTIONS');

/** Injection token of the client for a downstream service. */
export function downstreamToken(name: string): symbol {
  return Symbol.for(`@onbehalf/token-exchange-client/downstream/${name}`);
}
