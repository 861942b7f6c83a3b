# One image per app: docker build --build-arg APP=user-service .

# The manifests of all projects, and nothing else: sources may change without the packages being installed again
FROM node:24-bookworm-slim AS manifests
WORKDIR /srv
COPY libs libs
COPY apps apps
COPY e2e e2e
RUN find . -type f ! -name package.json -delete && find . -type d -empty -delete

FROM node:24-bookworm-slim AS base
WORKDIR /srv
ENV NPM_CONFIG_AUDIT=false NPM_CONFIG_FUND=false NPM_CONFIG_UPDATE_NOTIFIER=false
COPY package.json package-lock.json .npmrc ./
COPY --from=manifests /srv ./

FROM base AS build
RUN npm ci
COPY tsconfig.base.json nx.json ./
COPY libs libs
COPY apps apps
RUN npx tsc -b apps/auth-server/tsconfig.app.json apps/client-app/tsconfig.app.json \
      apps/user-service/tsconfig.app.json apps/message-service/tsconfig.app.json \
      apps/order-service/tsconfig.app.json apps/calendar-service/tsconfig.app.json apps/agent/tsconfig.app.json \
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
