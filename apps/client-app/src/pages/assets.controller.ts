import { Controller, Get, Header } from '@nestjs/common';
import { ICON } from './icon.js';
import { STYLESHEET } from './stylesheet.js';

const CACHE = 'public, max-age=3600';

/** What the pages load. */
@Controller('assets')
export class AssetsController {
  @Get('client-app.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', CACHE)
  stylesheet(): string {
    return STYLESHEET;
  }

  @Get('icon.svg')
  @Header('Content-Type', 'image/svg+xml; charset=utf-8')
  @Header('Cache-Control', CACHE)
  icon(): string {
    return ICON;
  }
}
