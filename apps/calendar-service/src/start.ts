import 'reflect-metadata';
import { startApp } from '@onbehalf/service-host';
import { calendarService } from './calendar-service.js';

await startApp(calendarService);
