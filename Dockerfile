# The function app in one image for both roles: Functions host, app, what the model needs of CUDA, and the command line.
#
#   docker build -t nanodet .                                     (or azd, or az acr build: no BuildKit is needed)
#   docker run --gpus all --rm --entrypoint nanodet nanodet doctor
#
# Base images by digest where it is known. The tag of the Functions base moves with the host's patches; the workflow prints the digest
# that a build took, and --build-arg FUNCTIONS_IMAGE=...@sha256:... pins it; with azd, NANODET_FUNCTIONS_IMAGE does.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0.400@sha256:e1ffd2a92ae84c1291bc1b6887501f8af98e6331e7af6d4c8d37168c5e87a64c
ARG CUDA_IMAGE=nvidia/cuda:13.0.2-base-ubuntu24.04@sha256:2ab6381d970b211fb93853796dc6707eb8a72575a375c422b17cf4d8b2641701
ARG FUNCTIONS_IMAGE=mcr.microsoft.com/azure-functions/dotnet-isolated:4-dotnet-isolated10.0

FROM ${SDK_IMAGE} AS build
# true: with the provider of the Durable Task Scheduler, for orchestrationStore=scheduler.
ARG SCHEDULER_PROVIDER=false
WORKDIR /source
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt .editorconfig host.json ./
COPY build/ build/
COPY src/Checkpoints/Checkpoints.csproj src/Checkpoints/
COPY src/Conversion/Conversion.csproj src/Conversion/
COPY src/Detection/Detection.csproj src/Detection/
COPY src/Exports/Exports.csproj src/Exports/
COPY src/Pipeline/Pipeline.csproj src/Pipeline/
COPY src/Viewer/Viewer.csproj src/Viewer/
COPY src/Detection/Images/Fonts/LabelFont.targets src/Detection/Images/Fonts/
COPY src/Functions/Functions.csproj src/Functions/
COPY src/LocalHost/LocalHost.csproj src/LocalHost/
COPY src/Cli/Cli.csproj src/Cli/
RUN dotnet restore src/Functions/Functions.csproj -r linux-x64 -p:NanodetSchedulerProvider=${SCHEDULER_PROVIDER} \
 && dotnet restore src/Cli/Cli.csproj -r linux-x64 -p:NanodetGpu=true
COPY docs/schemas/ docs/schemas/
COPY src/ src/
# The command line uses the app's native libraries: they are several hundred megabytes.
RUN dotnet publish src/Functions/Functions.csproj -c Release -r linux-x64 --no-self-contained -o /out/app \
      -p:NanodetSchedulerProvider=${SCHEDULER_PROVIDER} \
 && dotnet publish src/Cli/Cli.csproj -c Release -r linux-x64 --no-self-contained -p:NanodetGpu=true -o /out/cli \
 && for library in $(cd /out/app && ls | grep -E '[.]so([.]|$)'); do ln -sf "/home/site/wwwroot/$library" "/out/cli/$library"; done

# What ONNX Runtime's CUDA provider links, and cuDNN, which it opens when it runs a convolution; cuDNN opens NVRTC. Nothing else of
# CUDA. A test compares this list with what the provider's file says that it needs. libcuda.so.1 is the driver's and comes from the
# machine.
FROM ${CUDA_IMAGE} AS cuda
RUN apt-get update \
 && apt-get install -y --no-install-recommends --allow-change-held-packages \
      cuda-cudart-13-0=13.0.96-1 \
      cuda-nvrtc-13-0=13.0.88-1 \
      libcublas-13-0=13.1.0.3-1 \
      libcurand-13-0=10.4.0.35-1 \
      libcudnn9-cuda-13=9.20.0.48-1 \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /out/cuda /out/licenses \
 && cp /NGC-DL-CONTAINER-LICENSE /out/licenses/ \
 && for package in cuda-cudart-13-0 cuda-nvrtc-13-0 libcublas-13-0 libcurand-13-0 libcudnn9-cuda-13; do \
      if [ -f "/usr/share/doc/$package/copyright" ]; then cp "/usr/share/doc/$package/copyright" "/out/licenses/$package.txt"; fi; \
    done \
 && cp -a /usr/local/cuda-13.0/targets/x86_64-linux/lib/libcudart.so.* \
          /usr/local/cuda-13.0/targets/x86_64-linux/lib/libnvrtc.so.* \
          /usr/local/cuda-13.0/targets/x86_64-linux/lib/libnvrtc-builtins.so.* \
          /usr/local/cuda-13.0/targets/x86_64-linux/lib/libcublas.so.* \
          /usr/local/cuda-13.0/targets/x86_64-linux/lib/libcublasLt.so.* \
          /usr/local/cuda-13.0/targets/x86_64-linux/lib/libcurand.so.* \
          /usr/lib/x86_64-linux-gnu/libcudnn*.so.9* \
          /out/cuda/

FROM ${FUNCTIONS_IMAGE} AS final
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Nanodet.Serverless" \
      org.opencontainers.image.description="NanoDet over images at scale on Azure Functions: coordinator and GPU worker in one image" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      nanodet.cuda="13.0" \
      nanodet.cudnn="9"

# libturbojpeg decodes JPEGs fastest; it is one package of 0.7 MB without dependencies, libturbojpeg0 on Debian and libturbojpeg on Ubuntu. zlib is
# cuDNN's. The app brings every other library that it loads; it needs the C and C++ runtimes.
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends libstdc++6 zlib1g \
 && { apt-get install -y --no-install-recommends libturbojpeg0 || apt-get install -y --no-install-recommends libturbojpeg; } \
 && rm -rf /var/lib/apt/lists/*

COPY --from=cuda /out/cuda/ /opt/cuda/lib/
COPY --from=cuda /out/licenses/ /usr/share/doc/nanodet/nvidia/
COPY LICENSE THIRD-PARTY-NOTICES.md /usr/share/doc/nanodet/
COPY --from=build /out/app/ /home/site/wwwroot/
COPY --from=build /out/cli/ /opt/nanodet/
COPY tools/container/nanodet tools/container/healthcheck /usr/local/bin/

# The host writes under its HOME, which is /home, and beside itself.
RUN echo /opt/cuda/lib > /etc/ld.so.conf.d/nanodet-cuda.conf \
 && ldconfig \
 && groupadd --gid 10001 nanodet \
 && useradd --uid 10001 --gid nanodet --home-dir /home --no-create-home --shell /usr/sbin/nologin nanodet \
 && chmod 0755 /usr/local/bin/nanodet /usr/local/bin/healthcheck \
 && chown nanodet:nanodet /home /home/site /azure-functions-host

# Without WEBSITE_HOSTNAME the host has no address for webhooks, and every durable client fails. Azure overwrites it where it knows a name.
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    ASPNETCORE_URLS=http://+:8080 \
    WEBSITE_HOSTNAME=localhost:8080 \
    DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=4 CMD ["/usr/local/bin/healthcheck"]
