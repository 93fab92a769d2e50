# One image for all four services: `verdictory app`, `generator`, `rules`, `up`. It holds the static binary and the
# certificates of public authorities, and nothing else.
#
# Both base images are variables, so that a mirror or a stand-in can take their place.
ARG GO_IMAGE=golang:1.26.8-bookworm
ARG NODE_IMAGE=node:22.21.1-bookworm-slim

# What pages load from npm, by the integrity in the lock file.
FROM ${NODE_IMAGE} AS assets
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/cache/npm,sharing=locked npm ci --omit=dev --cache /cache/npm --loglevel=error

FROM ${GO_IMAGE} AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOMODCACHE=/cache/mod GOCACHE=/cache/build
# Where modules are fetched from, where that is not Go's default.
ARG GOPROXY
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache/mod,sharing=locked go mod download
COPY . .
COPY --from=assets /src/static/vendor static/vendor
# Last, so that a change of the version alone compiles nothing anew.
ARG VERSION=dev
ARG COMMIT=unknown
# The same commit gives the same binary: no path, time or build id of the machine goes into it. The tag is the Makefile's.
RUN --mount=type=cache,target=/cache/mod --mount=type=cache,target=/cache/build \
    go build -tags grpcnotrace -trimpath -ldflags "-s -w -buildid= -X main.version=${VERSION} -X main.commit=${COMMIT}" -o /verdictory .

FROM scratch
ARG VERSION=dev
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Verdictory" \
      org.opencontainers.image.description="Labelled test cases for decision policies" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /verdictory /verdictory
ENV VERDICTORY_LISTEN=:8080
EXPOSE 8080
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["/verdictory", "health"]
ENTRYPOINT ["/verdictory"]
CMD ["--help"]
