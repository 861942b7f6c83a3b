import { applyDecorators, Controller, SetMetadata, UseFilters, VERSION_NEUTRAL } from '@nestjs/common';
import { OutageFilter } from './outage.filter.js';

const OF_THE_SERVER = 'onbehalf:of the authorization server';

/**
 * A controller of the authorization server, or of one of its features: its paths begin at the issuer, whatever global prefix and
 * versions the application around has, and global guards and interceptors of the application pass it over.
 */
export function ServerController(path: string | string[] = ''): ClassDecorator {
  return applyDecorators(
    Controller({ path, version: VERSION_NEUTRAL }),
    SetMetadata(OF_THE_SERVER, true),
    UseFilters(OutageFilter),
  );
}

/** Whether a class is declared as {@link ServerController}. */
export function isOfTheServer(controller: object): boolean {
  return Reflect.getMetadata(OF_THE_SERVER, controller) === true;
}
