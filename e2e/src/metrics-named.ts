import { readFileSync } from 'node:fs';

/** What Prometheus, Grafana and the autoscaler read of a running server. */
const FILES = ['alerts.yaml', 'dashboard.json', 'prometheus-adapter.yaml'];
/** Where the scraper puts them, not the server. */
const OF_SCRAPES = ['pod', 'namespace', 'job', 'le'];

/** A metric that a query names, with the labels by which it selects. */
export interface NamedMetric {
  readonly name: string;
  readonly labels: readonly string[];
}

/** The metrics that the files in deploy/kubernetes/monitoring name. */
export function metricsNamed(): readonly NamedMetric[] {
  const text = FILES.map((file) =>
    readFileSync(new URL(`../../deploy/kubernetes/monitoring/${file}`, import.meta.url), 'utf8'),
  ).join('\n');
  const found = text.replaceAll('\\"', '"').matchAll(/\b((?:onbehalf|process|nodejs)_\w+)(?:\{([^}]*)\})?/g);
  return [...found]
    .map(([, name, selector = '']) => ({
      name: name!,
      labels: [...selector.matchAll(/(\w+)[=!]/g)]
        .map(([, label]) => label!)
        .filter((label) => !OF_SCRAPES.includes(label)),
    }))
    .filter(({ name }) => name !== 'onbehalf_requests_under_way');
}

/** The metrics in an answer of `/metrics`, each with the labels of its samples. */
export function metricsExposed(answer: string): ReadonlyMap<string, ReadonlySet<string>> {
  const exposed = new Map<string, Set<string>>();
  for (const [, name, type] of answer.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const parts = type === 'histogram' ? ['_bucket', '_count', '_sum'] : [''];
    for (const part of parts) exposed.set(name! + part, new Set());
  }
  for (const [, name, labels] of answer.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    for (const [, label] of labels!.matchAll(/(\w+)="/g)) exposed.get(name!)?.add(label!);
  }
  return exposed;
}
