import { env } from 'node:process';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const { ISSUER = '', CLIENT_SECRET = '', MESSAGE_SERVICE = '' } = env;
const settings = { issuer: ISSUER, clientSecret: CLIENT_SECRET, messageService: MESSAGE_SERVICE };
const app = await NestFactory.create(AppModule.forRoot(settings), { logger: ['error'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log(JSON.stringify({ url: await app.getUrl() }));
