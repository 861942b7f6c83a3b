import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { DOCS_PATH } from './security-headers.js';

/** What the OpenAPI description of an app says about the app itself. */
export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  /** Adds what the description does not know of, such as `describeSecurity` of `@onbehalf/resource-server`: what the guard demands. */
  readonly complete?: (app: INestApplication, create: () => OpenAPIObject) => OpenAPIObject;
}

/** Serves the app's OpenAPI description at /docs, as JSON at /docs-json. Needs `@nestjs/swagger`. */
export async function serveOpenApi(app: INestApplication, options: OpenApiOptions): Promise<void> {
  const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
  const { complete = (_app, create) => create() } = options;
  const description = new DocumentBuilder()
    // where bearer tokens may be said to need scopes
    .setOpenAPIVersion('3.1.0')
    .setTitle(options.title)
    .setDescription(options.description)
    .setVersion(options.version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  SwaggerModule.setup(DOCS_PATH, app, () => complete(app, () => SwaggerModule.createDocument(app, description)));
}
