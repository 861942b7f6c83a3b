# One image per app: docker build --build-arg APP=user-service .
FROM node:24-bookworm-slim AS base
WORKDIR /srv
ENV NPM_CONFIG_AUDIT=false NPM_CONFIG_FUND=false NPM_CONFIG_UPDATE_NOTIFIER=false
COPY package.json package-lock.json .npmrc ./
COPY libs/oauth-protocol/package.json libs/oauth-protocol/
COPY libs/html/package.json libs/html/
COPY libs/jwt-verification/package.json libs/jwt-verification/
COPY libs/token-exchange/package.json libs/token-exchange/
COPY libs/authorization-ports/package.json libs/authorization-ports/
COPY libs/authorization-store/package.json libs/authorization-store/
COPY libs/vault-signer/package.json libs/vault-signer/
COPY libs/authorization-server/package.json libs/authorization-server/
COPY libs/features/id-tokens/package.json libs/features/id-tokens/
COPY libs/features/administrative-impersonation/package.json libs/features/administrative-impersonation/
COPY libs/features/identity-chaining/package.json libs/features/identity-chaining/
COPY libs/features/cross-app-access/package.json libs/features/cross-app-access/
COPY libs/features/saml-assertion/package.json libs/features/saml-assertion/
COPY libs/features/custom-subject-tokens/package.json libs/features/custom-subject-tokens/
COPY libs/resource-server/package.json libs/resource-server/
COPY libs/token-exchange-client/package.json libs/token-exchange-client/
COPY libs/service-host/package.json libs/service-host/
COPY libs/testing/package.json libs/testing/
COPY apps/auth-server/package.json apps/auth-server/
COPY apps/client-app/package.json apps/client-app/
COPY apps/user-service/package.json apps/user-service/
COPY apps/message-service/package.json apps/message-service/
COPY e2e/package.json e2e/

FROM base AS build
RUN npm ci
COPY tsconfig.base.json nx.json ./
COPY libs libs
COPY apps apps
RUN npx tsc -b apps/auth-server/tsconfig.app.json apps/client-app/tsconfig.app.json \
      apps/user-service/tsconfig.app.json apps/message-service/tsconfig.app.json \
 && find libs apps -name src -prune -exec rm -r {} + \
 && find libs apps \( -name '*.map' -o -name '*.d.ts' -o -name '*.tsbuildinfo' -o -name 'tsconfig*.json' -o -name 'jest.config.mjs' \) -delete

FROM base AS dependencies
ARG APP
RUN npm ci --omit=dev --workspace=${APP} && npm cache clean --force

FROM node:24-bookworm-slim
ARG APP
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /srv/apps/${APP}
COPY --from=dependencies /srv/package.json /srv/package.json
COPY --from=dependencies /srv/node_modules /srv/node_modules
COPY --from=build /srv/libs /srv/libs
COPY --from=build /srv/apps/${APP} ./
RUN mkdir -p var && chown node:node var
USER node
HEALTHCHECK --interval=2s --timeout=3s --start-period=20s --retries=10 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
