import { Get, Header, Inject, NotFoundException, Param, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Pages } from './page-view.js';
import { ServerController } from './server-controller.decorator.js';

/** What the pages load, all of it from this server. */
@ServerController('assets')
export class AssetsController {
  readonly #pages: Pages;

  constructor(@Inject(Pages) pages: Pages) {
    this.#pages = pages;
  }

  @Get('authorization-server.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('cache-control', 'public, max-age=3600')
  stylesheet(): string {
    return this.#pages.stylesheet;
  }

  @Get(':logo')
  logo(@Param('logo') name: string, @Res() response: Response): void {
    const { logo } = this.#pages;
    if (logo?.path !== `/assets/${name}`) throw new NotFoundException();
    response.set({
      'content-type': logo.type,
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      // opened by itself, an SVG is a document
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    });
    response.send(logo.content);
  }
}
