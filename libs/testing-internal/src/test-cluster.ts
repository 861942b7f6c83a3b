import { randomUUID } from 'node:crypto';
import { createTestIssuer, type TestIssuer, type TokenOverrides } from '@onbehalf/testing';

/** A Kubernetes cluster, as far as others see it: its keys, and the tokens that it projects into pods. */
export interface TestCluster extends Pick<TestIssuer, 'issuer' | 'jwks' | 'privateKey'> {
  /** As the configuration trusts it to tell which workload a client is. */
  readonly trusted: object;
  /** The token of a service account for one audience, claim by claim as Kubernetes makes it; valid for an hour. */
  token(serviceAccount: string, audience: string, overrides?: TokenOverrides): Promise<string>;
}

/** A cluster whose issuer has the name that Kubernetes gives it unless told. */
export async function createTestCluster(issuer = 'https://kubernetes.default.svc.cluster.local'): Promise<TestCluster> {
  const signer = await createTestIssuer({ issuer, algorithm: 'RS256' });
  const { jwks, privateKey } = signer;
  return {
    issuer,
    jwks,
    privateKey,
    trusted: { issuer, jwks, algorithms: ['RS256'], usages: ['workload'] },
    token: (serviceAccount, audience, { header, ...claims } = {}) => {
      const [namespace, name] = serviceAccount.split('/') as [string, string];
      const now = Math.floor(Date.now() / 1000);
      const party = (called: string) => ({ name: called, uid: randomUUID() });
      return signer.token({
        header: { typ: undefined, ...header },
        client_id: undefined,
        aud: [audience],
        exp: now + 3600,
        'kubernetes.io': {
          namespace,
          node: party('node-1'),
          pod: party(`${name}-5d9c7b8f6-x2x7k`),
          serviceaccount: party(name),
        },
        nbf: now,
        sub: `system:serviceaccount:${namespace}:${name}`,
        ...claims,
      });
    },
  };
}
