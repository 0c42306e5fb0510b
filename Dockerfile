# Lazurite in a container: built with its tools, run without them.
FROM node:20-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends make g++ python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /lazurite
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:20-bookworm-slim
WORKDIR /lazurite
COPY --from=build /lazurite/package.json ./
COPY --from=build /lazurite/node_modules ./node_modules
COPY --from=build /lazurite/dist ./dist
COPY --from=build /lazurite/migrations ./migrations
RUN mkdir /data && chown node /data
USER node
ENV LAZURITE_HOST=0.0.0.0 LAZURITE_DATA=/data
VOLUME /data
EXPOSE 4567
HEALTHCHECK --interval=2s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4567/_lazurite/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/lazurite/dist/main.js"]
CMD ["start"]
