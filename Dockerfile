FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json bundle.js ./
COPY src ./src
COPY connectors ./connectors
RUN npm run build && npm prune --omit=dev

FROM node:22-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY LICENSE ./

# The project is mounted at /project; what millrace remembers outlives the container in /state.
ENV MILLRACE_STATE=/state/state.db
RUN mkdir -p /state /project && chown node:node /state /project
VOLUME /state
WORKDIR /project
USER node

# node itself is the first process, so that a stop signal reaches millrace and it can record what is in flight.
ENTRYPOINT ["node", "/app/dist/src/cli/main.js"]
CMD ["run"]
