# The bases are arguments so that a build without a registry can bring its own: any with Node.js 26, the first with npm
# and a shell, the second with Node.js at /nodejs/bin/node.
ARG BUILD_IMAGE=node:26-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs26-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Of what development needs, only the compiler: the lock file still says which version and checks its digest. No package
# may run a script of its own while it is installed; none that is built or shipped needs one.
RUN node -e "const manifest = require('./package.json'); \
      const { typescript7, '@types/node': types } = manifest.devDependencies; \
      manifest.devDependencies = { typescript7, '@types/node': types }; \
      require('node:fs').writeFileSync('package.json', JSON.stringify(manifest, null, 2))" \
    && npm install --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build \
    && npm pkg delete devDependencies scripts allowScripts \
    && npm prune --omit=optional --ignore-scripts \
    && npm sbom --sbom-format cyclonedx > sbom.cdx.json
COPY bin ./bin
COPY schema ./schema
COPY LICENSE ./
# A checkout may be writable for a group; an image is for nobody but its owner.
RUN node -e "const { chmodSync, lstatSync, readdirSync } = require('node:fs'); \
      for (const name of readdirSync('.', { recursive: true })) { \
        const status = lstatSync(name); \
        if (!status.isSymbolicLink()) chmodSync(name, status.mode & 0o7755); \
      }"

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="Portcullis" \
      org.opencontainers.image.description="An MCP gateway with authorization you can prove" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /build/package.json /build/sbom.cdx.json /build/LICENSE ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/schema ./schema
COPY --from=build /build/dist ./dist
COPY --from=build /build/bin ./bin
USER 65532:65532
EXPOSE 8000 8443 8080
ENV NODE_ENV=production
# There is no shell here: the gateway asks itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/nodejs/bin/node", "/app/bin/portcullis", "healthcheck"]
ENTRYPOINT ["/nodejs/bin/node", "/app/bin/portcullis"]
CMD ["run"]
