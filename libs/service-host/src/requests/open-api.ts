import type { INestApplication } from '@nestjs/common';
import { DOCS_PATH } from './security-headers.js';

/** What the OpenAPI description of an app says about the app itself. */
export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  readonly version: string;
}

/** Serves the app's OpenAPI description at /docs, as JSON at /docs-json. Needs `@nestjs/swagger`. */
export async function serveOpenApi(app: INestApplication, options: OpenApiOptions): Promise<void> {
  const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
  const description = new DocumentBuilder()
    .setTitle(options.title)
    .setDescription(options.description)
    .setVersion(options.version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  SwaggerModule.setup(DOCS_PATH, app, () => SwaggerModule.createDocument(app, description));
}
