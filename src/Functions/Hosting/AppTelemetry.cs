using System.Globalization;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Pipeline.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>
/// Exports traces, metrics and logs where a setting says to: to Azure Monitor, to an OTLP endpoint, or to both. Without such a setting
/// nothing listens, and nothing is created.
/// </summary>
internal static class AppTelemetry
{
    /// <summary>Names an Application Insights resource.</summary>
    internal const string ConnectionSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>Names an OTLP endpoint; the standard's further variables are read by the SDK.</summary>
    internal const string EndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Share of the traces that are kept, 0 to 1.</summary>
    internal const string RatioSetting = "Nanodet:Telemetry:TraceRatio";

    /// <summary>The Functions worker's own source: one span for each invocation.</summary>
    private const string WorkerSource = "Microsoft.Azure.Functions.Worker";

    /// <summary>The durable client's source: it hands the trace on to the orchestration.</summary>
    private const string DurableSource = "Microsoft.DurableTask";

    /// <summary>Garbage collection, threads and processor time.</summary>
    private const string RuntimeMeter = "System.Runtime";

    /// <exception cref="InvalidOperationException">A setting cannot be read; it is named.</exception>
    public static void AddNanodetTelemetry(this IServiceCollection services, IConfiguration configuration, AppRole role)
    {
        var connection = configuration[ConnectionSetting];
        var hasAzure = !string.IsNullOrWhiteSpace(connection);
        var hasEndpoint = !string.IsNullOrWhiteSpace(configuration[EndpointSetting]);
        if (!hasAzure && !hasEndpoint)
        {
            return;
        }

        var ratio = ReadRatio(configuration);
        var telemetry = services.AddOpenTelemetry()
            .UseFunctionsWorkerDefaults()
            .ConfigureResource(resource => resource.AddAttributes([new("nanodet.role", role.ToString().ToLowerInvariant())]))
            .WithTracing(traces => traces.AddSource(PipelineTelemetry.Name, WorkerSource, DurableSource))
            .WithMetrics(metrics => metrics.AddMeter(PipelineTelemetry.Name, RuntimeMeter));
        if (hasAzure)
        {
            var identity = TelemetryIdentity.Read(configuration);
            telemetry.UseAzureMonitorExporter(options =>
            {
                options.ConnectionString = connection;
                options.Credential = identity;

                // A limit by rate would decide in each process for itself, and cut traces into pieces; a ratio decides by the trace's id.
                options.TracesPerSecond = null;
                options.SamplingRatio = (float)ratio;
                options.EnableLiveMetrics = false;
            });
        }
        else
        {
            telemetry.WithTracing(traces => traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio))));
        }

        if (hasEndpoint)
        {
            telemetry.UseOtlpExporter();
        }
    }

    private static double ReadRatio(IConfiguration configuration)
    {
        var text = configuration[RatioSetting];
        if (string.IsNullOrWhiteSpace(text))
        {
            return 1;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1
            ? ratio
            : throw new InvalidOperationException($"{RatioSetting}: expected a number from 0 to 1, found '{text}'.");
    }
}
