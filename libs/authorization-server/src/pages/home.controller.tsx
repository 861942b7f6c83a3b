import { Controller, Get, Header, Inject, Req, VERSION_NEUTRAL } from '@nestjs/common';
import type { Request } from 'express';
import { CONSENTS_PATH } from './consents-page.js';
import { page, pagePolicy } from './page.js';
import { Pages } from './page-view.js';

/** What people see who open the address of the server. */
@Controller({ version: VERSION_NEUTRAL })
export class HomeController {
  readonly #pages: Pages;

  constructor(@Inject(Pages) pages: Pages) {
    this.#pages = pages;
  }

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', pagePolicy())
  @Header('vary', 'accept-language')
  show(@Req() request: Request): string {
    const view = this.#pages.for(request);
    const consents = <a href={CONSENTS_PATH}>{view.text('home.consents.link')}</a>;
    const metadata = <a href="/.well-known/openid-configuration">{view.text('home.metadata')}</a>;
    return page(
      view.name,
      <>
        <p>{view.text('home.text')}</p>
        <p>{view.fill('home.consents', { consents })}</p>
        <p>{view.fill('home.developers', { metadata })}</p>
      </>,
      undefined,
      view,
    );
  }
}
