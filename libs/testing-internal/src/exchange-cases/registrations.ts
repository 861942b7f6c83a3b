const service = { enabled: true, confidential: true, represents: [] as readonly string[] };

/** An edge of user-service, by delegation with the client as the actor unless said otherwise. */
function edge<const T extends object>(target: string, scopes: readonly string[], more: T) {
  return {
    client: 'user-service',
    subjectAudience: 'user-service',
    target,
    mode: 'delegation' as 'delegation' | 'impersonation',
    scopes: Object.fromEntries(scopes.map((scope) => [scope, { requires: ['user.read'] }])),
    ...more,
  };
}

/** Clients, resources, edges and accounts that the exchange cases are written for. */
export const caseRegistrations = {
  clients: [
    { ...service, clientId: 'user-service', represents: ['user-service'] },
    { ...service, clientId: 'message-service', represents: ['message-service'] },
    { ...service, clientId: 'web-app' },
    { ...service, clientId: 'disabled-service', enabled: false, represents: ['user-service'] },
    { ...service, clientId: 'public-app', confidential: false, represents: ['user-service'] },
    { ...service, clientId: 'bound-service', represents: ['user-service'], dpopBound: true },
    { ...service, clientId: 'spring-service', represents: ['user-service'], compatible: 'spring' as const },
    { ...service, clientId: 'default-service', represents: ['user-service'], defaultTarget: 'message-service' },
  ],
  resources: [
    { audience: 'user-service', scopes: ['user.read'] },
    {
      audience: 'message-service',
      resource: 'https://messages.example/api',
      scopes: ['message.read', 'message.write'],
    },
    { audience: 'inbox', resource: 'https://mail.example/inbox', scopes: ['mail.read', 'inbox.sort'] },
    { audience: 'archive', scopes: ['mail.read'] },
    { audience: 'ledger', scopes: ['ledger.read'] },
    { audience: 'vault', scopes: ['vault.open'] },
    { audience: 'helpdesk', scopes: ['helpdesk.view'] },
    { audience: 'unreachable', scopes: ['unreachable.read'] },
  ],
  edges: [
    edge('message-service', ['message.read'], {}),
    edge('message-service', ['message.read'], { client: 'disabled-service' }),
    edge('message-service', ['message.read'], { client: 'public-app' }),
    edge('message-service', ['message.read'], { client: 'bound-service', rebind: true }),
    edge('message-service', ['message.read'], { client: 'spring-service' }),
    edge('message-service', ['message.read'], { client: 'default-service' }),
    edge('user-service', ['user.read'], {
      client: 'message-service',
      subjectAudience: 'message-service',
      scopes: { 'user.read': { requires: ['message.read'] } },
      allowCycle: true,
    }),
    edge('inbox', ['mail.read', 'inbox.sort'], { sharesToken: true }),
    edge('archive', ['mail.read'], { sharesToken: true }),
    edge('ledger', ['ledger.read'], { actor: 'actor_token' as const, actors: [{ sub: 'agent-7' }] }),
    edge('vault', ['vault.open'], { maxAuthenticationAge: 300, acr: ['urn:example:mfa'] }),
    edge('helpdesk', ['helpdesk.view'], { mode: 'impersonation' as const }),
    // an ID token is exchanged by the client that it was issued to
    edge('message-service', [], {
      client: 'web-app',
      subjectAudience: 'web-app',
      scopes: { 'message.read': {} },
      subjectTypes: ['urn:ietf:params:oauth:token-type:id_token'],
    }),
  ],
  accounts: {
    baeldung: { enabled: true, protected: false },
    root: { enabled: true, protected: true },
    'agent-7': { enabled: true, protected: false },
    former: { enabled: false, protected: false },
  } as Readonly<Record<string, { enabled: boolean; protected: boolean; entitledScopes?: readonly string[] }>>,
  /** The `jti` of a token that is revoked. */
  revokedTokenId: 'a-revoked-token',
};
