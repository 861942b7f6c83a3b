import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { readServerConfig } from '@onbehalf/authorization-server';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { features } from './features.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const deploy = join(root, 'deploy/kubernetes');

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: object;
  readonly securityContext: object;
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } };
}

interface Pod {
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[];
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly projected?: { readonly sources: readonly Record<string, { audience: string }>[] };
  }[];
}

interface IngressRule {
  readonly http: { readonly paths: readonly { readonly backend: { readonly service: { readonly name: string } } }[] };
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown> & { readonly template?: { readonly spec: Pod } };
}

const read = (file: string): readonly Resource[] =>
  parseAllDocuments(readFileSync(join(deploy, file), 'utf8'), { uniqueKeys: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Resource;
  });
const files = (folder: string): string[] =>
  readdirSync(join(deploy, folder)).filter((name) => /\.yaml$/.test(name) && !/^kustomization|\.test\./.test(name));
const base = files('base').flatMap((file) => read(`base/${file}`));
const of = (kind: string): readonly Resource[] => base.filter((resource) => resource.kind === kind);
const named = (kind: string): string[] => of(kind).map(({ metadata }) => metadata.name);
const podOf = ({ spec }: Resource): Pod => spec.template!.spec;
const deployments = of('Deployment').map((resource) => [resource.metadata.name, podOf(resource)] as const);
const pods = [...of('Deployment'), ...of('Job')].map((resource) => [resource.metadata.name, podOf(resource)] as const);
const isTrustedProxies = ({ name }: Container['env'][number]): boolean => name === 'TRUSTED_PROXIES';
const valueOf = ({ env }: Container, name: string): string | undefined => env.find((each) => each.name === name)?.value;
const overlay = read('overlays/example/kustomization.yaml')[0] as unknown as {
  readonly namespace: string;
  readonly configMapGenerator: readonly { readonly name: string; readonly literals?: readonly string[] }[];
};
const addresses = Object.fromEntries(
  overlay.configMapGenerator.flatMap(({ literals = [] }) =>
    literals.map((line) => line.split('=') as [string, string]),
  ),
);

/** Seconds from the end of SHUTDOWN_DELAY after which an app is gone: it drains for 10 and closes for 5. */
const LONGEST_END = 15;

describe('deploy/kubernetes', () => {
  it.each(pods)('%s runs confined', (_, pod) => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const { securityContext, resources } of pod.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(resources).toMatchObject({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
    expect(named('ServiceAccount')).toContain(pod.serviceAccountName);
  });

  it.each(deployments)('%s has probes, a budget, an autoscaler, spread, and time to end', (name, pod) => {
    const [container] = pod.containers as [Container];
    const paths = ['startup', 'readiness', 'liveness'].map((probe) => container[`${probe}Probe`]!.httpGet);
    expect(paths.map(({ path }) => path)).toEqual(['/health/ready', '/health/ready', '/health/live']);
    const [port] = container.ports!;
    expect(paths.map((probe) => probe.port)).toEqual(Array(3).fill(port!.name));
    expect(valueOf(container, 'PORT')).toBe(String(port!.containerPort));
    for (const own of container.ports!.slice(1)) {
      expect(valueOf(container, `${own.name.toUpperCase()}_PORT`)).toBe(String(own.containerPort));
    }
    expect(valueOf(container, 'HOST')).toBe('0.0.0.0');
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      Number(valueOf(container, 'SHUTDOWN_DELAY')) + LONGEST_END,
    );
    expect(pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toContain('kubernetes.io/hostname');
    for (const kind of ['Service', 'PodDisruptionBudget', 'HorizontalPodAutoscaler', 'NetworkPolicy']) {
      expect(named(kind)).toContain(name);
    }
  });

  it('the health endpoints are where the probes look', () => {
    const health = readFileSync(join(root, 'libs/service-host/src/telemetry/health.ts'), 'utf8');
    for (const path of ['/health/live', '/health/ready']) expect(health).toContain(`GET ${path}`);
  });

  it.each(pods)('%s is given settings that its app has, and secrets as files', (_, pod) => {
    for (const container of pod.containers) {
      const app = container.image.replace('onbehalf/', '');
      const example = readFileSync(join(root, 'apps', app, '.env.example'), 'utf8');
      const known = Object.keys(parseEnv(example.replaceAll(/^#(?=[A-Z_]+=)/gm, '')));
      const ofFile = container.env.map(({ name }) => name).filter((name) => configVariables.includes(bare(name)));
      const given = container.env.map(({ name }) => name).filter((name) => !ofFile.includes(name));
      expect(given.filter((name) => !known.includes(name) && !known.includes(bare(name)))).toEqual([]);
      expect(container.env.filter(({ name }) => /SECRET$|PASSWORD$|KEYS?$|^DATABASE_URL$/.test(name))).toEqual([]);
      // Kubernetes says who they are
      if (app !== 'auth-server') expect(given.filter((name) => name.includes('SECRET'))).toEqual([]);
    }
  });

  const bare = (name: string): string => name.replace(/_FILE$/, '');
  const configFile = readFileSync(join(deploy, 'overlays/example/config/shop.yaml'), 'utf8');
  const configVariables = [...configFile.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!);

  it('what the ingress leads to believes its pods who asks, and whether by TLS', () => {
    const rules = read('overlays/example/ingress.yaml').flatMap(({ spec }) => spec['rules'] as IngressRule[]);
    const behind = rules.flatMap(({ http: { paths } }) => paths.map(({ backend }) => backend.service.name));
    const believing = deployments.filter(([, pod]) => pod.containers[0]!.env.some(isTrustedProxies));
    expect(believing.map(([name]) => name).sort()).toEqual(behind.sort());
  });

  it('the database is migrated by a job, and by nobody else', () => {
    const [job] = of('Job').map(podOf);
    const [, script, command] = job!.containers[0]!.command!;
    expect([script, command]).toEqual(['dist/commands/store.js', 'migrate']);
    expect(existsSync(join(root, 'apps/auth-server', script!.replace('dist', 'src').replace(/js$/, 'ts')))).toBe(true);
    const [, server] = deployments.find(([name]) => name === 'auth-server')!;
    expect(valueOf(server.containers[0]!, 'MIGRATE_AT_START')).toBe('false');
  });

  it('the configuration is accepted as Kubernetes mounts it, and knows the workloads by their names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-map-'));
    mkdirSync(join(folder, '..2026_11_30'));
    cpSync(join(deploy, 'overlays/example/config'), join(folder, '..2026_11_30'), { recursive: true });
    symlinkSync('..2026_11_30', join(folder, '..data'));
    symlinkSync('..data/shop.yaml', join(folder, 'shop.yaml'));
    const environment = Object.fromEntries(configVariables.map((name) => [name, randomUUID()]));
    const { clients } = readServerConfig(folder, environment, { sections: features.all });
    rmSync(folder, { recursive: true });
    for (const [name, pod] of deployments) {
      const tokens = pod.volumes.flatMap(({ projected }) => projected?.sources ?? []);
      const { workload } = clients.find(({ clientId }) => clientId === name) ?? {};
      expect(workload?.subject).toBe(
        tokens.length === 0 ? undefined : `system:serviceaccount:${overlay.namespace}:${pod.serviceAccountName}`,
      );
      for (const { serviceAccountToken } of tokens) expect(serviceAccountToken!.audience).toBe(addresses['issuer']);
    }
  });

  it('each of the ten alerts has its entry in the book', () => {
    const [rules] = read('monitoring/alerts.yaml') as unknown as [
      { spec: { groups: { rules: { alert: string; annotations: { runbook_url: string } }[] }[] } },
    ];
    const alerts = rules.spec.groups.flatMap((group) => group.rules);
    expect(alerts).toHaveLength(10);
    const page = readFileSync(join(root, 'docs/guides/operation/alerts.md'), 'utf8');
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(alerts.map(({ alert }) => alert));
    expect(alerts.map(({ annotations }) => annotations.runbook_url)).toEqual(
      alerts.map(({ alert }) => `docs/guides/operation/alerts.md#${alert.toLowerCase()}`),
    );
  });

  const heavy = process.env['SOAK_KUBERNETES'] ? it : it.skip;
  heavy(
    'is built by Kustomize, fits the schemas of Kubernetes, and its alerts fire when they should',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
      const built = execFileSync('kustomize', ['build', join(deploy, 'overlays/example')], { encoding: 'utf8' });
      const core = parseAllDocuments(built).filter(
        (document) => !String(document.get('apiVersion')).includes('coreos'),
      );
      expect(core.length).toBeGreaterThan(30);
      const file = join(folder, 'built.yaml');
      writeFileSync(file, core.map(String).join('---\n'));
      execFileSync('kubernetes-validate', ['--strict', '--quiet', '-k', '1.31', file]);
      const { spec } = parse(readFileSync(join(deploy, 'monitoring/alerts.yaml'), 'utf8')) as { spec: object };
      writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
      cpSync(join(deploy, 'monitoring/alerts.test.yaml'), join(folder, 'alerts.test.yaml'));
      execFileSync('promtool', ['test', 'rules', 'alerts.test.yaml'], { cwd: folder });
      rmSync(folder, { recursive: true });
    },
    60_000,
  );
});
