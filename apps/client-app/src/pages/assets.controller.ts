import { Controller, Get, Header } from '@nestjs/common';
import { ICON } from './icon.js';
import { PLAYER } from './player.js';
import { STYLESHEET } from './styles/stylesheet.js';

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

  @Get('player.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  @Header('Cache-Control', CACHE)
  player(): string {
    return PLAYER;
  }

  @Get('icon.svg')
  @Header('Content-Type', 'image/svg+xml; charset=utf-8')
  @Header('Cache-Control', CACHE)
  icon(): string {
    return ICON;
  }
}
