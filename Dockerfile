# riis-physical on a CPU: docker build -t riis-physical --build-arg TORCH_INDEX=URL .
FROM python:3.11-slim-bookworm

ARG TORCH_INDEX=""

RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1=1.6.* libglib2.0-0=2.74.* libzbar0=0.23.* \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY . .
RUN torch="$(grep '^torch==' constraints.txt)" \
    && if [ -n "$TORCH_INDEX" ]; then pip install --no-cache-dir --index-url "$TORCH_INDEX" "$torch"; fi \
    && pip install --no-cache-dir -c constraints.txt '.[hide,visible,key,study,serve]'

RUN useradd --create-home reader
USER reader
WORKDIR /work
ENTRYPOINT ["riis-physical"]
CMD ["-h"]
