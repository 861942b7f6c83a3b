import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  type Resource,
} from '@opentelemetry/resources';

/** Who sends: the app's name unless OTEL_SERVICE_NAME is set, and what OTEL_RESOURCE_ATTRIBUTES adds. */
export function serviceResource(name: string): Resource {
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': name }))
    .merge(detectResources({ detectors: [envDetector] }));
}
