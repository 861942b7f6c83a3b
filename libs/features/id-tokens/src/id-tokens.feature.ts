import { defineFeature } from '@onbehalf/authorization-server';
import { z } from 'zod';
import { IdTokenIssuer } from './id-token.issuer.js';
import { OwnIdTokenVerifier } from './own-id-token.verifier.js';

/**
 * ID tokens in exchanges (RFC 8693 §3): those of this server as subject tokens of the client that they were issued to, and ID tokens
 * for a target. Both only where an edge says so, by `subjectTypes` and `issues`.
 */
export const idTokens = defineFeature({
  name: 'idTokens',
  settings: z.strictObject({}).prefault({}).describe('ID tokens in exchanges; nothing to be set'),
  register: ({ own, signer, randomId }) => ({
    verifiers: [new OwnIdTokenVerifier(own)],
    issuers: [new IdTokenIssuer({ issuer: own.issuer, signer, randomId })],
  }),
});
