# The server for many users: docs/deploy.md says how it is run.
FROM python:3.13-slim AS built
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY provena_mcp ./provena_mcp
RUN python -m venv /opt/provena-mcp \
    && /opt/provena-mcp/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt '.[redis]'

FROM python:3.13-slim
RUN groupadd --gid 10001 provena \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/provena-mcp --shell /usr/sbin/nologin provena \
    && install --directory --owner 10001 --group 10001 --mode 700 /var/lib/provena-mcp
COPY --from=built /opt/provena-mcp /opt/provena-mcp
ENV PATH=/opt/provena-mcp/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A number, since Kubernetes' runAsNonRoot asks for one.
USER 10001:10001
WORKDIR /var/lib/provena-mcp
VOLUME /var/lib/provena-mcp
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
    ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
# Calls under way are finished first: give it PROVENA_CALL_SECONDS.
STOPSIGNAL SIGTERM
ENTRYPOINT ["provena-mcp"]
CMD ["serve", "--http", "--host", "0.0.0.0", "--port", "8000"]
