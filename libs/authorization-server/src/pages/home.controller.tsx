import { Controller, Get, Header } from '@nestjs/common';
import { page, pagePolicy } from './page.js';

/** What people see who open the address of the server. */
@Controller()
export class HomeController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', pagePolicy())
  show(): string {
    return page(
      'Authorization server',
      <>
        <p>
          Applications send you here to sign in and out. There is nothing to do here without one: open the application
          that you want to use.
        </p>
        <p>
          For those who build one: <a href="/.well-known/openid-configuration">the metadata of this server</a>.
        </p>
      </>,
    );
  }
}
