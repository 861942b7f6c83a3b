import { z } from 'zod';
import { issuer, name, seconds } from './values.schema.js';

/** Seconds that tokens of workloads live at most, unless a client says otherwise: as long as Kubernetes lets a projected one live. */
const LONGEST_LIFE = 3600;

/** A whole subject, or one whose last segment is open. No segment before it is: whoever names those decides who the client is. */
const SUBJECT = /^[\x21-\x29\x2b-\x7e]+$|^[\x21-\x29\x2b-\x7e]*[\x21-\x29\x2b-\x39\x3b-\x7e][:/]\*$/;

/** Namespace and name of a service account, by the names that Kubernetes permits. */
const SERVICE_ACCOUNT =
  /^system:serviceaccount:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?:([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?|\*)$/;

/** Whom every token of a cluster is for that nobody asked to be for anybody else. */
const API_SERVER = /^https:\/\/kubernetes\.default(\.svc(\.cluster\.local)?)?$/;

export const workload = z
  .strictObject({
    issuer: issuer.describe('a trusted issuer of the usage workload, such as a Kubernetes cluster'),
    subject: name
      .regex(SUBJECT, 'a subject without spaces, whose last segment alone may be *')
      .refine(
        (subject) => !subject.startsWith('system:serviceaccount:') || SERVICE_ACCOUNT.test(subject),
        'system:serviceaccount:<namespace>:<name>, where the name may be *',
      )
      .describe(
        'the sub of its tokens, such as system:serviceaccount:shop:user-service; a * in place of the last segment stands for any one segment',
      ),
    audience: name
      .refine((audience) => !API_SERVER.test(audience), 'an audience that is not the API server of the cluster')
      .optional()
      .describe('the only aud of its tokens; absent: the issuer identifier of this server'),
    maxLifetime: seconds
      .max(24 * 3600, 'at most 86400 seconds')
      .default(LONGEST_LIFE)
      .describe('the most seconds from iat to exp'),
  })
  .describe('the workload whose tokens authenticate the client, in place of keys of its own (RFC 7523 section 2.2)');

export type WorkloadConfig = z.infer<typeof workload>;
