FROM python:3.11-slim

# CPU wheels of torch: pass PyTorch's CPU wheel index (see pytorch.org, "Get started") as TORCH_INDEX; without it pip
# takes the default build, which works too but is several gigabytes larger.
ARG TORCH_INDEX=""

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 TOKENIZERS_PARALLELISM=false

WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
RUN python -m pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --constraint constraints.txt torch

COPY app app
COPY ingest ingest
COPY rag rag
COPY data data
RUN python -m pip install --constraint constraints.txt --editable . \
    && useradd --create-home --uid 10001 second-pass \
    && mkdir /library && chown second-pass /library

USER second-pass
# Inside a container the server must listen on all of the container's addresses; compose.yaml publishes it on loopback.
# Models fetched from a hub are kept in the volume too: the rest of the container is read-only.
ENV SECOND_PASS_HOME=/library SECOND_PASS_HOST=0.0.0.0 HF_HOME=/library/hub
VOLUME /library
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/health', timeout=4)"]
CMD ["second-pass", "serve"]
