/** One proof of `npm run soak`. */
export interface Step {
  readonly title: string;
  /** `e2e`, or the name of the project. */
  readonly project: string;
  readonly spec: string;
  readonly settings: Readonly<Record<string, number>>;
  /** As measured on two cores, rounded up. */
  readonly minutes: number;
  /** Commands without which it is skipped, each with the argument that makes it answer. */
  readonly needs?: Readonly<Record<string, string>>;
}

/** All of them, in their order. */
export const STEPS: readonly Step[] = [
  {
    title: 'one use of a jti, code and refresh token by two processes, and kill -9 of the store',
    project: 'authorization-store',
    spec: 'several-processes',
    settings: { SOAK_ROUNDS: 200, SOAK_KILLS: 20 },
    minutes: 3,
  },
  {
    title: 'kill -9 while the audit trail is archived, on SQLite and PostgreSQL',
    project: 'authorization-store',
    spec: 'archiving-kill',
    settings: { SOAK_KILLS: 20 },
    minutes: 3,
  },
  {
    title: 'a database that hangs for 30 s, at the store',
    project: 'authorization-store',
    spec: 'src/outage',
    settings: { SOAK_OUTAGE: 30 },
    minutes: 1,
  },
  {
    title: 'backups of a database with 50,000 records that is written to, on SQLite and PostgreSQL',
    project: 'authorization-store',
    spec: 'src/back-up',
    settings: { SOAK_BACKUP: 50_000 },
    minutes: 3,
  },
  {
    title: 'a database of 100,000 tokens that moves from SQLite to PostgreSQL',
    project: 'authorization-store',
    spec: 'src/move-to-postgres',
    settings: { SOAK_MOVE: 100_000 },
    minutes: 3,
  },
  {
    title: 'kill -9 after each step of a move from SQLite to PostgreSQL',
    project: 'authorization-store',
    spec: 'src/move-kill',
    settings: { SOAK_MOVE: 20_000 },
    minutes: 1,
  },
  {
    title: 'a standby that is promoted, and a password that changes',
    project: 'authorization-store',
    spec: 'src/failover',
    settings: {},
    minutes: 1,
  },
  {
    title: 'one use of codes, refresh tokens and proofs at two replicas',
    project: 'e2e',
    spec: 'replicas',
    settings: { SOAK_ROUNDS: 200 },
    minutes: 3,
  },
  {
    title: 'keys that rotate under load',
    project: 'e2e',
    spec: 'key-rotation',
    settings: { SOAK_ROTATION: 180 },
    minutes: 4,
  },
  {
    title: 'kill -9 under load, on SQLite and PostgreSQL',
    project: 'e2e',
    spec: 'kill',
    settings: { SOAK_KILLS: 20 },
    minutes: 5,
  },
  {
    title: 'a database that hangs, then one that is down, for 30 s under load',
    project: 'e2e',
    spec: 'database-outage',
    settings: { SOAK_OUTAGE: 30 },
    minutes: 2,
  },
  {
    title: 'five times the load that it can bear, bare and behind HAProxy, on SQLite and PostgreSQL',
    project: 'e2e',
    spec: 'overload',
    settings: { SOAK_OVERLOAD: 10 },
    minutes: 7,
  },
  {
    title: 'file and signing keys that are read again all the time under load, on SQLite and PostgreSQL',
    project: 'authorization-server',
    spec: 'reload-under-load',
    settings: { SOAK_RELOAD: 20 },
    minutes: 1,
  },
  { title: 'SIGTERM under load', project: 'e2e', spec: 'shutdown', settings: { SOAK_SHUTDOWN: 15 }, minutes: 2 },
  {
    title: 'the apps as they are, on Keycloak',
    project: 'e2e',
    spec: 'keycloak',
    settings: { SOAK_KEYCLOAK: 1 },
    minutes: 3,
    needs: { java: '-version', mvn: '-version' },
  },
  {
    title: 'MCP’s conformance test of Enterprise-Managed Authorization',
    project: 'e2e',
    spec: 'enterprise-managed',
    settings: { SOAK_MCP: 1 },
    minutes: 1,
  },
  {
    title: 'the sweep keeps up with what is issued at full rate, on SQLite and PostgreSQL',
    project: 'authorization-store',
    spec: 'sweep-at-full-rate',
    settings: { SOAK_SWEEP: 1800 },
    minutes: 62,
  },
  { title: 'clients that mean it no good', project: 'e2e', spec: 'hostile-clients', settings: {}, minutes: 1 },
  {
    title: 'configurations that the schema accepts serve a login and an exchange',
    project: 'e2e',
    spec: 'accepted-configurations',
    settings: { SCHEMA_CASES: 5000 },
    minutes: 10,
  },
  {
    title: 'a storm of revocations, on SQLite and PostgreSQL: 100,000 tokens of one session while others are issued',
    project: 'e2e',
    spec: 'revocation-storm',
    settings: { SOAK_STORM: 100_000 },
    minutes: 3,
  },
  {
    title:
      'the activity of a person on whose behalf a million exchanges were made, page by page, on SQLite and PostgreSQL',
    project: 'e2e',
    spec: 'activity',
    settings: { SOAK_ACTIVITY: 1_000_000 },
    minutes: 10,
  },
  {
    title: '20,000 linked accounts of which 1 % end at once, and kill -9 in the middle of refreshes',
    project: 'token-vault',
    spec: 'src/several-processes',
    settings: { SOAK_ACCOUNTS: 20_000, SOAK_KILLS: 20 },
    minutes: 6,
  },
  {
    title: 'a provider of linked accounts that is out for 30 s, on SQLite and PostgreSQL',
    project: 'token-vault',
    spec: 'src/provider-outage',
    settings: { SOAK_PROVIDER_OUTAGE: 30 },
    minutes: 3,
  },
  {
    title: 'mutated SAML assertions: none says anything but what was signed',
    project: 'saml-assertion',
    spec: 'signature-wrapping',
    settings: { SAML_MUTATIONS: 50_000 },
    minutes: 2,
  },
  {
    title: "Spring's login, resource servers and exchange, with the settings of spring-article.yaml",
    project: 'e2e',
    spec: 'src/spring',
    settings: { SOAK_SPRING: 1 },
    minutes: 3,
    needs: { java: '-version', mvn: '-version' },
  },
  {
    title: 'deploy/kubernetes: built, against the schemas of Kubernetes, and the alerts on made-up numbers',
    project: 'auth-server',
    spec: 'src/kubernetes',
    settings: { SOAK_KUBERNETES: 1 },
    minutes: 1,
    needs: { kustomize: 'version', 'kubernetes-validate': '--version', promtool: '--version' },
  },
  { title: 'clocks that differ', project: 'e2e', spec: 'clock-skew', settings: {}, minutes: 1 },
];
