import { forbiddenBecause } from '../requirements/forbidden.js';
import type { RouteRequirements } from '../requirements/requirements.js';
import { distinct, securityOf, type SecurityRequirement } from './security-requirements.js';
import type { Scheme } from './security-scheme.js';

/** What of an operation is read and written. OpenAPI 3, Operation Object. */
export interface Operation {
  security?: SecurityRequirement[];
  responses: Record<string, { description?: string; $ref?: string }>;
}

/** What all operations of a document share. */
export interface Described {
  /** Of the scheme under which tokens are told of. */
  readonly name: string;
  readonly schemes: Readonly<Record<string, Scheme>>;
  readonly namesScopes: boolean;
  /** What the document says of operations that say nothing. */
  readonly security: readonly SecurityRequirement[] | undefined;
}

/** Adds what the guard demands to an operation; to one that it lets through, nothing. */
export function describeOperation(
  operation: Operation,
  own: readonly SecurityRequirement[],
  demanded: RouteRequirements | undefined,
  described: Described,
): void {
  const security = demanded && securityOf(demanded, described.name, described.namesScopes);
  operation.security = security ? joined(own, security, described) : [...own];
  if (operation.security.length === 0 && !isToldOpen(demanded, described)) delete operation.security;
  if (!demanded || !security) return;
  const missing = demanded.access === 'token' ? 'missing or not accepted' : 'not accepted';
  const stepUp = demanded.requirements.some(({ kind }) => kind === 'step_up');
  add(operation, 401, [
    `The access token is ${missing}; see WWW-Authenticate`,
    ...(stepUp ? ['The user must sign in again, or better: insufficient_user_authentication'] : []),
  ]);
  add(operation, 403, forbiddenBecause(demanded.requirements));
}

/** Where the whole document demands a token, an open route has to say that it does not: by an empty list. */
const isToldOpen = (demanded: RouteRequirements | undefined, { name, security = [] }: Described): boolean =>
  demanded?.access === 'public' && security.some((one) => name in one);

/** The token is needed beside what an operation says by itself, unless that is another way to present the token. */
function joined(
  own: readonly SecurityRequirement[],
  security: readonly SecurityRequirement[],
  { name, schemes }: Described,
): SecurityRequirement[] {
  const presentsToken = (one: SecurityRequirement): boolean =>
    Object.keys(one).some((key) => key !== name && schemes[key] !== undefined && schemes[key].type !== 'apiKey');
  const beside = own.filter((one) => !presentsToken(one));
  return [
    ...own.filter(presentsToken),
    ...(beside.length > 0 ? beside : [{}]).flatMap((one) => security.map((needed) => join(one, needed, name))),
  ];
}

function join(own: SecurityRequirement, needed: SecurityRequirement, name: string): SecurityRequirement {
  const { [name]: told = [], ...others } = own;
  const scopes = needed[name];
  return scopes ? { ...others, [name]: [...distinct([...scopes, ...told])] } : others;
}

/** What is told of the answer by others comes first. */
function add({ responses }: Operation, status: number, reasons: readonly string[]): void {
  const { [status]: told = {} } = responses;
  if (reasons.length === 0 || told.$ref !== undefined) return;
  const { description = '' } = told;
  const more = distinct(reasons).filter((reason) => !description.includes(reason));
  responses[status] = { ...told, description: [...(description ? [description] : []), ...more].join('; ') };
}
