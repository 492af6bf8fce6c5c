# syntax=docker/dockerfile:1
# The bases are arguments so that a build without a registry can bring its own: any image with Node.js 26 at `node`.
ARG BUILD_IMAGE=node:26-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs26-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --omit=optional \
    && npm sbom --sbom-format cyclonedx --omit dev > sbom.cdx.json
COPY bin ./bin

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /build/package.json /build/sbom.cdx.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/bin ./bin
USER 65532:65532
EXPOSE 8000 8443 8080
ENV NODE_ENV=production
# There is no shell here: the gateway asks itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/nodejs/bin/node", "/app/bin/portcullis", "healthcheck"]
ENTRYPOINT ["/nodejs/bin/node", "/app/bin/portcullis"]
CMD ["run"]
