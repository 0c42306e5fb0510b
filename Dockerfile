# Lazurite in a container: the published package on Node's own SQLite. Nothing is compiled.
FROM node:24-bookworm-slim AS package
WORKDIR /lazurite
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run pack -- --pack-destination /package

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Lazurite" \
  org.opencontainers.image.description="Azure's Load Balancer on your own machine: Azure's REST API in front, real packets behind." \
  org.opencontainers.image.licenses="MIT"
# For the kernel engine, which wants the capability NET_ADMIN too.
RUN apt-get update && apt-get install -y --no-install-recommends nftables iproute2 && rm -rf /var/lib/apt/lists/*
RUN --mount=from=package,source=/package,target=/package npm install --global --no-audit --no-fund /package/*.tgz
RUN mkdir /data && chown node /data
USER node
ENV LAZURITE_HOST=0.0.0.0 LAZURITE_DATA=/data LAZURITE_ALSO_AT=own
VOLUME /data
EXPOSE 4567
HEALTHCHECK --interval=2s --start-period=5s CMD ["lazurite", "wait", "--timeout", "1"]
ENTRYPOINT ["lazurite"]
CMD ["start"]
