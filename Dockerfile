# syntax=docker/dockerfile:1

# The gateway alone, as `roomcast serve`: docs/deploy.md says how to run it.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.base.json ./
COPY packages packages
RUN npm ci --ignore-scripts --no-audit --no-fund
RUN npx tsc -b packages/cli && npm run build --workspace=packages/admin

FROM node:24-bookworm-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
# What the command needs, in the versions of the lockfile, and of our packages those that it is made of.
RUN npm ci --omit=dev --workspace=roomcast --include-workspace-root=false --ignore-scripts --no-audit --no-fund
RUN rm -rf packages/admin packages/client packages/nest packages/react packages/*/src packages/*/test \
  node_modules/@roomcast/admin node_modules/@roomcast/client node_modules/@roomcast/nest node_modules/@roomcast/react

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    ROOMCAST_HOST=0.0.0.0 \
    ROOMCAST_PORT=3000
# A configuration file goes here, as /app/roomcast.config.mjs: it may import our packages and zod.
WORKDIR /app
COPY --from=modules /app/node_modules node_modules
COPY --from=modules /app/packages packages
COPY --from=build /app/packages/protocol/dist packages/protocol/dist
COPY --from=build /app/packages/core/dist packages/core/dist
COPY --from=build /app/packages/redis/dist packages/redis/dist
COPY --from=build /app/packages/server/dist packages/server/dist
COPY --from=build /app/packages/server/admin packages/server/admin
COPY --from=build /app/packages/cli/dist packages/cli/dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ROOMCAST_PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without a shell, so that signals reach the gateway: at SIGTERM it drains.
ENTRYPOINT ["node", "/app/packages/cli/bin/roomcast.js"]
CMD ["serve"]
