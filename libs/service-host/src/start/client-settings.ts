import { ConfigurationError, isSecretFor, readAssertion, type AssertionUnreadable } from '@onbehalf/oauth-protocol';
import type { z } from 'zod';
import { text } from './settings.js';

/** What an app reads about how it proves to the authorization server who it is. */
export const clientSettings = {
  CLIENT_SECRET: text().optional(),
  CLIENT_ASSERTION_FILE: text('the path of a file that holds a JWT of the platform').optional(),
};

interface Given {
  readonly CLIENT_ID: string;
  readonly CLIENT_SECRET?: string | undefined;
  readonly CLIENT_ASSERTION_FILE?: string | undefined;
}

/** A client with a secret. RFC 6749 §2.3.1 */
interface SecretCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A client that its platform knows. RFC 7523 §2.2 */
interface WorkloadCredentials {
  readonly clientId: string;
  readonly assertionFile: string;
}

/** By what an app proves to the authorization server who it is. */
export type ClientCredentials = SecretCredentials | WorkloadCredentials;

/** Has a schema refuse a client with two credentials, and a secret that everybody knows. */
export function withCredentials<Schema extends z.ZodType<Given & { readonly ISSUER: string }>>(
  schema: Schema,
  demoSecret: string,
): Schema {
  return schema
    .refine(
      ({ ISSUER, CLIENT_SECRET = demoSecret, CLIENT_ASSERTION_FILE }) =>
        CLIENT_ASSERTION_FILE !== undefined || isSecretFor(ISSUER, CLIENT_SECRET),
      {
        path: ['CLIENT_SECRET'],
        message: 'the secret of this client, and none that ships with the project unless ISSUER is on localhost',
      },
    )
    .refine(
      ({ CLIENT_SECRET, CLIENT_ASSERTION_FILE }) => CLIENT_SECRET === undefined || CLIENT_ASSERTION_FILE === undefined,
      { path: ['CLIENT_ASSERTION_FILE'], message: 'either CLIENT_SECRET or CLIENT_ASSERTION_FILE' },
    );
}

/**
 * The credentials that an app was given.
 * @param demoSecret stands in where neither is given, which only a server on this machine permits
 * @throws ConfigurationError for a file that holds no JWT now
 */
export function credentialsOf(given: Given, demoSecret: string): ClientCredentials {
  const { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret = demoSecret, CLIENT_ASSERTION_FILE: assertionFile } = given;
  if (assertionFile === undefined) return { clientId, clientSecret };
  checkAssertion(assertionFile);
  return { clientId, assertionFile };
}

function checkAssertion(file: string): void {
  try {
    readAssertion(file);
  } catch (error) {
    const accepted = `the path of a file that holds a JWT (${(error as AssertionUnreadable).reason})`;
    throw new ConfigurationError('CLIENT_ASSERTION_FILE', file, accepted);
  }
}

/** Credentials with the method that goes with them. OpenID Connect Core §9 */
export type ClientAuthentication =
  | ({ readonly method: 'client_secret_basic' } & SecretCredentials)
  | ({ readonly method: 'private_key_jwt' } & WorkloadCredentials);

/** The credentials, with their method. */
export function authenticationOf(client: ClientCredentials): ClientAuthentication {
  return 'assertionFile' in client
    ? { method: 'private_key_jwt', ...client }
    : { method: 'client_secret_basic', ...client };
}
