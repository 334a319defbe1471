# One node: the writer and its fronts under one command. Dependencies come from the exact lock with hashes.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY requirements-run.lock ./
RUN python -m venv /opt/suyuan && /opt/suyuan/bin/pip install --no-cache-dir --require-hashes -r requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY ledger ledger
COPY node node
COPY api api
COPY clients clients
RUN /opt/suyuan/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home /var/lib/suyuan --create-home suyuan
COPY --from=build /opt/suyuan /opt/suyuan
ENV PATH=/opt/suyuan/bin:$PATH PYTHONUNBUFFERED=1
USER suyuan
VOLUME /var/lib/suyuan
EXPOSE 8440
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8440/readyz', timeout=2)"]
ENTRYPOINT ["python", "-m", "node"]
CMD ["start", "--data", "/var/lib/suyuan"]
