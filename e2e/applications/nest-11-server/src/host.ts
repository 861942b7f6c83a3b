import type { AddressInfo } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import { createApp } from '@onbehalf/service-host';
import { z } from 'zod';

@Controller()
class HelloController {
  @Get('hello')
  hello() {
    return { hello: 'world' };
  }
}

@Module({ controllers: [HelloController] })
class AppModule {}

async function main() {
  const options = {
    name: 'hello',
    defaultPort: 8081,
    environment: z.object({}),
    module: () => AppModule,
    openApi: { title: 'hello', description: 'Says hello', version: '1' },
  };
  const app = await createApp(options, process.env);
  const server = await app.listen();
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
  process.once('SIGTERM', () => void app.close().then((ended) => process.exit(ended ? 0 : 1)));
}

void main();
