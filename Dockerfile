# Trailmap: one image for every process. `docker build -t trailmap .`
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir 'uv>=0.9'
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/app/.venv
# Dependencies first: they change less than the code.
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --locked --no-dev --no-install-project
COPY manage.py ./
COPY apps apps
COPY dashboard dashboard
COPY workers workers
RUN uv sync --locked --no-dev --no-editable

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 trailmap && install -d -o trailmap /data
WORKDIR /app
COPY --from=build --chown=trailmap /app /app
ENV PATH=/app/.venv/bin:$PATH TRAILMAP_HOME=/data LOG_FORMAT=json
USER trailmap
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["trailmap"]
# Everything in one process; compose.yaml runs its parts apart.
CMD ["up", "--host", "0.0.0.0"]
